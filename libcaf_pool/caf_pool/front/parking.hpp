#pragma once

#include "caf_pool/core/time.hpp"

#include <atomic>
#include <cstdint>

namespace caf_pool {

/// Sleeps while `word` is `expected`, at most until `deadline`. May return
/// early for no reason: look at the word again. Unlike `std::atomic::wait` it
/// knows deadlines.
void park(std::atomic<std::uint32_t>& word, std::uint32_t expected,
          time_point deadline) noexcept;

/// Wakes the thread that sleeps on `word`, if any.
void unpark(std::atomic<std::uint32_t>& word) noexcept;

} // namespace caf_pool

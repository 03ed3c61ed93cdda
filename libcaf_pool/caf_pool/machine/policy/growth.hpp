#pragma once

#include "caf_pool/core/time.hpp"

#include <cstdint>

namespace caf_pool {

/// Returns min(cap, start * factor^steps), never negative and without
/// overflowing. A factor below one counts as one: waits never shrink.
duration grown(duration start, double factor, std::uint32_t steps,
               duration cap) noexcept;

/// Returns `percent` (up to 100) percent of `x`, to the nanosecond and without
/// overflowing.
duration percent_of(duration x, std::uint32_t percent) noexcept;

} // namespace caf_pool

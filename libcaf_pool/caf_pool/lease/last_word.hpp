#pragma once

#include "caf_pool/core/time.hpp"

#include <algorithm>

namespace caf_pool {

/// How much longer than its deadline a caller listens: the pool's own answer
/// says more than a bare timeout.
inline constexpr duration last_word = std::chrono::milliseconds{20};

/// Returns the time until then; zero if it has passed, however long ago.
inline duration time_left(time_point deadline) {
  auto now = clock::now();
  return deadline > now ? deadline - now : duration::zero();
}

/// Returns how long an answer to a question is waited for.
inline duration listening_time(time_point deadline) {
  return std::max(time_left(deadline), last_word);
}

} // namespace caf_pool

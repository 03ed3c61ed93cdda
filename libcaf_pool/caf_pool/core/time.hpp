#pragma once

#include <chrono>

namespace caf_pool {

/// The only clock that decides anything: monotonic, never the wall clock.
/// Layers below the actors receive time points as arguments and never read it.
using clock = std::chrono::steady_clock;

/// Every duration in caf_pool; nanoseconds, so that no setting is truncated.
using duration = std::chrono::nanoseconds;

/// Every point in time in caf_pool.
using time_point = std::chrono::time_point<clock, duration>;

/// "Never": later than every other time point.
inline constexpr time_point never = time_point::max();

/// Adds `d` to `t` without overflowing past `never`. Negative durations are
/// allowed.
constexpr time_point add_saturated(time_point t, duration d) noexcept {
  if (t == never || (d > duration::zero() && t > never - d))
    return never;
  return t + d;
}

} // namespace caf_pool

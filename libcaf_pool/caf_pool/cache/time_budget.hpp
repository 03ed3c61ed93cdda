#pragma once

#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/time.hpp"

#include <algorithm>
#include <optional>

namespace caf_pool {

/// How long one call may still wait for Redis: a budget for all its requests
/// together, within the deadline of the call.
///
/// Thread-safety: none.
class time_budget {
public:
  time_budget(duration budget, time_point deadline)
    : left_(budget), deadline_(deadline) {
    // nop
  }

  /// The budget of a call that computes: the cache takes at most half of what
  /// the caller allowed, so that it fails nobody who could compute.
  static time_budget for_computing(duration budget,
                                   std::optional<duration> limit,
                                   time_point now) {
    if (!limit)
      return {budget, never};
    return {std::min(budget, *limit / 2), add_saturated(now, *limit)};
  }

  time_point deadline() const noexcept {
    return deadline_;
  }

  /// Runs `f(limit)` and charges the budget with the time that it took.
  template <class F>
  auto charge(F&& f) {
    auto begin = clock::now();
    auto limit = deadline_ == never
                   ? left_
                   : std::min(left_, left_until(deadline_, begin));
    auto result = f(limit);
    left_ = std::max(left_ - (clock::now() - begin), duration::zero());
    return result;
  }

private:
  duration left_;
  time_point deadline_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/time.hpp"

#include <optional>

namespace caf_pool {

/// Tells whether a queue is overloaded rather than merely busy.
///
/// ~~~
///          an interval ended in which even the shortest wait exceeded target
///   calm --------------------------------------------------------------> slow
///     ^                                                                    |
///     +--------------------------------------------------------------------+
///          an interval ended in which somebody waited no longer than target
/// ~~~
///
/// After "Controlling Queue Delay" (Nichols and Jacobson, ACM Queue, 2012) in
/// the form that Elixir's DBConnection gave it: while slow, whoever has waited
/// longer than twice the target is turned away instead of served too late.
///
/// Thread-safety: like a plain value.
class codel {
public:
  codel(duration target, duration interval) noexcept
    : target_(target), interval_(interval) {
    // nop
  }

  /// Somebody was served after waiting for `waited`; zero also says that
  /// nobody was waiting.
  void observe(duration waited) noexcept;

  /// Ends the interval when it is over. `head_wait` is how long the head of
  /// the queue has been waiting; it counts if nobody was served.
  void advance(duration head_wait, time_point now) noexcept;

  bool slow() const noexcept {
    return slow_;
  }

  /// Returns the longest wait that is tolerated while slow.
  duration patience() const noexcept {
    return 2 * target_;
  }

  /// Returns when `advance` has something to do.
  time_point interval_end() const noexcept {
    return interval_end_;
  }

  /// Puts new settings in force; an interval that runs keeps its end.
  void configure(duration target, duration interval) noexcept {
    target_ = target;
    interval_ = interval;
  }

private:
  duration target_;
  duration interval_;
  time_point interval_end_ = time_point::min();
  /// The shortest wait in this interval, if there was any.
  std::optional<duration> shortest_;
  bool slow_ = false;
};

} // namespace caf_pool

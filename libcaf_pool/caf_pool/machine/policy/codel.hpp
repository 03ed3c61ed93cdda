#pragma once

#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <optional>

namespace caf_pool {

/// Tells whether a queue is overloaded rather than merely busy.
///
/// ~~~
///          an interval ended in which even the shortest wait exceeded target,
///          and callers were turned away within the last fifteen
///   calm --------------------------------------------------------------> slow
///     ^                                                                    |
///     +--------------------------------------------------------------------+
///          an interval ended in which somebody waited no longer than target,
///          or nobody was turned away within the last fifteen
/// ~~~
///
/// A queue that serves everybody in time is busy, however long they wait: only
/// if at least one of eight callers got nothing there were too many.
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

  /// Somebody was served after waiting for `waited`.
  void observe(duration waited) noexcept;

  /// Nobody is waiting.
  void observe_empty() noexcept;

  /// Somebody got nothing: the queue was full, or the time was over.
  void refused() noexcept {
    ++refused_;
  }

  /// Ends the interval when it is over. `head_wait` is how long the head of
  /// the queue has been waiting; it counts if nobody was served.
  void advance(duration head_wait, time_point now) noexcept;

  bool slow() const noexcept {
    return slow_;
  }

  /// Returns the longest wait that is tolerated while slow.
  duration tolerated_wait() const noexcept {
    return 2 * target_;
  }

  /// Tells whether the end of this interval may find a slow queue.
  bool pressed() const noexcept {
    return slow_ || refused_ > 0 || pressed_until_ > interval_end_;
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
  /// Callers of this interval.
  std::uint64_t served_ = 0;
  std::uint64_t refused_ = 0;
  /// So long what was turned away counts.
  time_point pressed_until_ = time_point::min();
  bool slow_ = false;
};

} // namespace caf_pool

#pragma once

#include <cstddef>

namespace caf_pool::bench {

/// What many callers in the queue of one pool cost.
struct waiter_figures {
  /// Heap per caller, everything included.
  double bytes = 0;
  /// How late the latest one heard of its deadline, in milliseconds.
  double latest_expiry = 0;
  /// How long the slowest withdrawal took, in milliseconds, if all are
  /// withdrawn at once.
  double latest_withdrawal = 0;
  /// How late a thread is at most that sleeps until such deadlines, in
  /// milliseconds.
  double latest_sleeper = 0;
};

waiter_figures measure_waiters(std::size_t count);

/// Returns the heap per promise in a deque of them.
double promise_bytes(std::size_t count);

} // namespace caf_pool::bench

#pragma once

#include "caf_pool/core/time.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace caf_pool {

/// Where a thread sleeps until another one has changed something for it. It
/// outlives the thread if somebody wants to wake it late, which does no harm.
///
/// ~~~
///   sleeper: seat->wait_until(deadline, [&] { return changed.load(); });
///   other:   changed = true; seat->wake();
/// ~~~
///
/// What changes is an atomic, in sequentially consistent order.
///
/// Thread-safety: `wake` from any thread.
class lane_seat {
public:
  /// That of the calling thread.
  static const std::shared_ptr<lane_seat>& mine() {
    thread_local const auto seat = std::make_shared<lane_seat>();
    return seat;
  }

  /// Sleeps until `changed()`. False if the deadline came first.
  template <class Changed>
  bool wait_until(time_point deadline, Changed&& changed) {
    if (changed())
      return true;
    auto lock = std::unique_lock{mutex_};
    asleep_ = true;
    auto done = deadline == never ? (wake_.wait(lock, changed), true)
                                  : wake_.wait_until(lock, deadline, changed);
    asleep_ = false;
    return done;
  }

  /// Makes the sleeper look again.
  void wake() {
    // Who is not asleep yet looks before it sleeps.
    if (!asleep_)
      return;
    { auto lock = std::lock_guard{mutex_}; }
    wake_.notify_one();
  }

private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> asleep_ = false;
};

} // namespace caf_pool

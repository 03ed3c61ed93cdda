#pragma once

#include "caf_pool/core/time.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace caf_pool {

/// Limits how many compute at the same time.
///
/// Thread-safety: any thread may call it.
class computation_slots {
public:
  explicit computation_slots(std::size_t count) : free_(count) {
    // nop
  }

  /// Waits for a slot. Returns false if the deadline came first.
  bool take(time_point deadline) {
    std::unique_lock guard{mutex_};
    auto some = [this] { return free_ > 0; };
    if (deadline == never)
      changed_.wait(guard, some);
    else if (!changed_.wait_until(guard, deadline, some))
      return false;
    --free_;
    return true;
  }

  void give_back() {
    std::unique_lock guard{mutex_};
    ++free_;
    changed_.notify_one();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t free_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/time.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace caf_pool {

/// Lets one writer in at a time, in the order of coming. For servers that know
/// a single writer and make the others poll: whoever waits here is woken, at
/// its turn.
///
/// Thread-safety: all members from any thread.
class writer_queue {
public:
  /// Names a writer; only compared.
  using owner = const void*;

  /// Waits until it is the caller's turn. Returns false at the deadline, or
  /// when `stopped` returns true after a `wake`. The owner must not be inside.
  bool enter(owner who, time_point deadline,
             const std::function<bool()>& stopped);

  /// Enters if nobody is inside or waits.
  bool try_enter(owner who);

  /// Leaves, and lets the next one in. Does nothing if `who` is not inside.
  void leave(owner who);

  /// Makes a waiting owner ask its `stopped`.
  void wake(owner who);

  /// Tells for how long somebody has been inside; zero if nobody is.
  duration occupied_for() const;

  std::size_t waiting() const;

private:
  struct waiter {
    owner who = nullptr;
    bool woken = false;
    std::condition_variable turn;
  };

  void let_in(owner who);

  mutable std::mutex mutex_;
  owner inside_ = nullptr;
  time_point since_;
  std::deque<waiter*> queue_;
};

} // namespace caf_pool

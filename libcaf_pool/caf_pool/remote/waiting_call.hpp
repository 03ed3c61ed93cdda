#pragma once

#include "caf_pool/remote/link.hpp"
#include "caf_pool/remote/sent_call.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace caf_pool {

/// A thread that waits for the answer to one call. Shared with the handler of
/// the call, which may still be in here when the waiter has its answer.
class waiting_call {
public:
  void deliver(remote_reply x) {
    {
      std::lock_guard guard{mutex_};
      reply_ = std::move(x);
    }
    // Not under the lock, lest the waiter wakes up only to wait for that.
    arrived_.notify_one();
  }

  /// Returns false if no answer came until the deadline.
  bool wait_until(time_point deadline) {
    std::unique_lock guard{mutex_};
    return arrived_.wait_until(guard, deadline, [this] { return !!reply_; });
  }

  remote_reply take() {
    std::unique_lock guard{mutex_};
    arrived_.wait(guard, [this] { return !!reply_; });
    return std::move(*reply_);
  }

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<remote_reply> reply_;
};

/// What a caller hears whose limit passed without an answer.
error no_answer_in_time(call_kind kind, duration limit);

/// What a caller hears whose limit was over before the call.
error nothing_sent(call_kind kind);

/// Sends a request and waits for the answer, no longer than it says. Blocks.
remote_reply call_and_wait(remote_link& link, sent_call x);

} // namespace caf_pool

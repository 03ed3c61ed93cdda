#pragma once

#include "caf_pool/remote/link.hpp"

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

/// Sends a request and waits for the answer, no longer than `limit`. Blocks.
template <class Message>
remote_reply call_and_wait(remote_link& link, call_kind kind, Message x,
                           duration limit) {
  if (limit <= duration::zero())
    return {nothing_sent(kind), {}, nullptr, {}};
  auto now = clock::now();
  auto waiter = std::make_shared<waiting_call>();
  auto handler = [waiter](remote_reply y) { waiter->deliver(std::move(y)); };
  auto sent
    = link.call(std::move(x), {kind, now, never, std::move(handler), true});
  if (!sent)
    return {sent.error(), {}, nullptr, {}};
  // If it cannot be withdrawn, the answer is just being delivered.
  if (!waiter->wait_until(add_saturated(now, limit)) && link.withdraw(*sent))
    return {no_answer_in_time(kind, limit), {}, nullptr, {}};
  return waiter->take();
}

} // namespace caf_pool

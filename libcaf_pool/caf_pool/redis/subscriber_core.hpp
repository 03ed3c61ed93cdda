#pragma once

#include "caf_pool/backend/redis/redis_login.hpp"
#include "caf_pool/backend/redis/redis_target.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/machine/policy/backoff.hpp"
#include "caf_pool/net/bell.hpp"
#include "caf_pool/redis/redis_subscriber.hpp"
#include "caf_pool/redis/subscription_book.hpp"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace caf_pool {

/// The connection of a subscriber and the thread that serves it. Lives as long
/// as its thread, or a subscription.
///
/// Thread-safety: all members from any thread; `run` is the thread's own.
class subscriber_core {
public:
  using entry_ptr = subscription_book::entry_ptr;

  subscriber_core(redis_target where, const pool_config& config);

  /// Serves until `stop`.
  void run();

  /// Makes `run` return soon; a handler that runs comes to its end first.
  void stop() noexcept;

  result<entry_ptr> subscribe(const redis_topics& what, redis_listener listener,
                              duration limit);

  /// Returns when no handler of it runs any more, but for the caller itself.
  void end(const entry_ptr& x);

  redis_subscriber_status status() const;

private:
  using lock = std::unique_lock<std::mutex>;
  using deliveries = std::vector<subscription_book::delivery>;

  /// What is known of the connection's life.
  struct pulse {
    time_point heard;
    /// When the oldest question that has no reply was sent.
    std::optional<time_point> asked = std::nullopt;
  };

  bool on_own_thread() const noexcept;
  void wake() noexcept;
  error unconfirmed(duration limit) const;

  bool wait_for_work(time_point earliest);
  /// Returns the last moment at which the server was heard.
  time_point serve(redis_session session);
  std::string converse(redis_channel& channel, pulse& life);
  std::vector<redis_command> next_orders(pulse& life);
  time_point next_look(const pulse& life) const;
  std::string silence(const pulse& life) const;
  std::string hear(const redis_exchange& got, pulse& life);
  void tell(deliveries& all);
  void tell_one(const subscription_book::delivery& x);
  void note_failure(const error& why);

  const redis_target where_;
  const duration open_timeout_;
  const duration interval_;
  const duration patience_;
  backoff pause_;
  std::stop_source called_off_;

  mutable std::mutex mtx_;
  /// Somebody wants something, a subscription got on, or a handler ended.
  std::condition_variable changed_;
  subscription_book book_;
  redis_subscriber_status status_;
  bool stopping_ = false;
  std::thread::id thread_;
  /// Whose handler runs.
  entry_ptr running_;
  /// Ends the thread's wait for the server.
  std::shared_ptr<bell> bell_;
  /// Null while there is no connection.
  redis_channel* channel_ = nullptr;
};

} // namespace caf_pool

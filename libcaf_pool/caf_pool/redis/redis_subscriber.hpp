#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/redis/redis_connection.hpp"
#include "caf_pool/core/error.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/redis_message.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/redis/subscription_book.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace caf {
class actor;
} // namespace caf

namespace caf_pool {

class subscriber_core;

/// Ends its part of a subscriber's work when destroyed. It may outlive the
/// subscriber, and does nothing then.
///
/// Thread-safety: one thread at a time; may move between threads.
class [[nodiscard]] redis_subscription {
public:
  redis_subscription() = default;

  redis_subscription(redis_subscription&& other) noexcept = default;

  redis_subscription& operator=(redis_subscription&& other) noexcept;

  ~redis_subscription();

  /// Ends it; a second time is a no-op. Afterwards none of its handlers runs,
  /// unless this is called by one of them.
  void end();

  /// Tells whether there is something to end.
  explicit operator bool() const noexcept {
    return entry_ != nullptr;
  }

private:
  friend class redis_subscriber;

  std::shared_ptr<subscriber_core> core_;
  subscription_book::entry_ptr entry_;
};

/// How a subscriber fares.
struct redis_subscriber_status {
  bool connected = false;
  /// The number of the connection at the server; 0 while there is none.
  std::int64_t client_id = 0;
  /// How many logins there were.
  std::uint64_t generation = 0;
  std::size_t subscriptions = 0;
  std::uint64_t messages = 0;
  std::uint64_t gaps = 0;
  /// Handlers that threw.
  std::uint64_t failed_handlers = 0;
  /// Why there is no connection, or what the server refused last.
  error last_error = {};
};

/// Hears what is published (pub/sub) over one connection of its own, served by
/// one thread of its own, however many subscriptions there are:
///
/// ~~~
/// caf_pool::redis_subscriber news{caf_pool::redis("redis://localhost/0")};
/// auto mine = news.subscribe({.channels = {"news"}},
///                            {.message = [](auto& x) { show(x.payload); },
///                             .gap = [](auto&) { reload_everything(); }});
/// ~~~
///
/// - Servers keep no message for who is away. After a loss the subscriber logs
///   in again, by the pool's `retry` settings, subscribes, and tells each
///   listener of the gap when the server has confirmed all of its topics,
///   before the first message that follows. If messages come while a part is
///   not confirmed, one more gap follows for that part.
/// - A server that says nothing for `health_check_interval` is asked (PING),
///   and given up when it says nothing for `health_check_timeout` either.
/// - Handlers run on the subscriber's thread, one after the other, in the order
///   in which the server sent; they may end subscriptions. What a handler
///   throws is counted and dropped. While one runs, nothing is read: the server
///   keeps what comes meanwhile, up to its `client-output-buffer-limit pubsub`
///   (32 MB, or 8 MB for 60 s by default), then hangs up, which is a gap. Hand
///   long work on to other threads.
/// - What bounds a pool does not matter here, but for `open_timeout`, and
///   `max_result_bytes`, which bounds a message.
///
/// Thread-safety: all members from any thread, but for destroying. A handler
/// must not wait for another thread that ends its subscription.
class redis_subscriber {
public:
  /// Connects with the first subscription.
  explicit redis_subscriber(const backend_spec<redis_connection>& where);

  /// As a pool of these settings would.
  explicit redis_subscriber(const pool_config& config);

  redis_subscriber(const redis_subscriber&) = delete;
  redis_subscriber& operator=(const redis_subscriber&) = delete;

  /// Ends the thread; waits for a handler that runs.
  ~redis_subscriber();

  /// Returns an error if the settings were refused; every call returns it then.
  result<void> ready() const;

  /// Returns when the server has confirmed all topics; messages may be heard a
  /// moment before. Called by a handler, it returns at once, and what the
  /// server refuses shows in the status only.
  ///
  /// Returns the server's error, for example `forbidden` for a user without the
  /// right to a channel; `open_refused` as soon as a login is; and at the limit
  /// `open_timeout` with the last failure, or `execute_timeout` if the server
  /// is there but does not confirm. Nothing stays subscribed then.
  result<redis_subscription> subscribe(const redis_topics& what,
                                       redis_listener listener,
                                       duration limit
                                       = std::chrono::seconds{5});

  redis_subscriber_status status() const;

  /// The number of the connection at the server, for CLIENT TRACKING ON
  /// REDIRECT on another one; 0 while there is no connection. It changes with
  /// `generation`, and a gap tells of that: tracking must then be turned on
  /// again, and all that is cached counts as outdated.
  std::int64_t client_id() const {
    return status().client_id;
  }

  std::uint64_t generation() const {
    return status().generation;
  }

private:
  struct impl;

  std::unique_ptr<impl> impl_;
};

/// Returns a listener that sends `redis_message` and `redis_gap` to an actor,
/// which includes caf_pool/actors.hpp to receive them. The server's messages
/// wait in its mailbox, which has no limit.
redis_listener forward_to(const caf::actor& receiver);

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/redis/redis_connection.hpp"
#include "caf_pool/backend/redis_cluster/redis_cluster_connection.hpp"
#include "caf_pool/calls/redis_calls.hpp"
#include "caf_pool/pool.hpp"
#include "caf_pool/redis/redis_lanes.hpp"
#include "caf_pool/redis/redis_subscriber.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace caf_pool {

class redis_companions;

/// A lease of Redis: the calls of `redis_calls`, each with a limit of its own
/// if need be. Its holder may WATCH and MULTI, and SELECT where there is one
/// server; what is left of that is removed before the next holder comes.
template <class Connection>
class redis_lease_words
  : public lease,
    public redis_calls<redis_lease_words<Connection>, std::optional<duration>> {
public:
  using calls
    = redis_calls<redis_lease_words<Connection>, std::optional<duration>>;
  using calls::transaction;
  using lease::run;

  redis_lease_words() = default;

  explicit redis_lease_words(lease&& other) noexcept : lease(std::move(other)) {
    // nop
  }
};

/// A pool of Redis: the calls of `redis_calls`, each of which takes a
/// connection for its time.
template <class Connection>
class redis_pool_words
  : public any_pool,
    public redis_calls<pool_words<Connection>, acquire_options> {
public:
  using calls = redis_calls<pool_words<Connection>, acquire_options>;
  using any_pool::any_pool;
  using calls::transaction;

  using typed = typed_lease<Connection>;

  /// Returns the commands of a transaction after a look at what it depends on.
  using transaction_body
    = std::function<result<std::vector<redis_command>>(typed&)>;

  /// Runs a transaction that depends on the values of some keys: watches them,
  /// lets `body` look and say what to do, and does it if nobody changed one of
  /// the keys meanwhile; otherwise begins anew after a moment, at most
  /// `attempts` times and within the limit of the options.
  ///
  /// Returns `execute_failed` with the state "CONFLICT" if somebody was faster
  /// each time, and the error of `body` if it returns one. `body` may run
  /// several times, and must only read.
  result<redis_replies> transact(const std::vector<std::string>& keys,
                                 const transaction_body& body,
                                 const acquire_options& options = {},
                                 int attempts = 5);
};

template <>
class lease_words<redis_connection>
  : public redis_lease_words<redis_connection> {
public:
  using redis_lease_words::redis_lease_words;
};

template <>
class lease_words<redis_cluster_connection>
  : public redis_lease_words<redis_cluster_connection> {
public:
  using redis_lease_words::redis_lease_words;
};

/// A pool of one server. When there are more callers than connections, those
/// whose commands leave nothing behind share a few (`multiplexed`). Callers may
/// also wait for what others do, and hear what is published.
template <>
class pool_words<redis_connection> : public redis_pool_words<redis_connection> {
public:
  using redis_pool_words::redis_pool_words;

  pool_words(pool_words&&) noexcept = default;
  pool_words& operator=(pool_words&&) noexcept = default;

  /// As that of any pool; waits, too, for callers that share connections, which
  /// are told `closed`.
  ~pool_words();

  /// Does work as any pool does, be it over a shared connection.
  result<outcome> run(const work& what, const acquire_options& options = {},
                      const std::source_location& at
                      = std::source_location::current());

  // -- connections outside of the pool ----------------------------------------

  /// Runs a command that waits for what others do (BLPOP, BLMOVE, XREAD with
  /// BLOCK) over a connection of its own, of which there are
  /// `blocking_connections` beside the pool's:
  ///
  /// ~~~
  /// using job = std::optional<std::pair<std::string, std::string>>;
  /// auto next = jobs.blocking<job>("BLPOP", "queue", 5);
  /// ~~~
  ///
  /// The command's own time is the limit; one that waits for ever needs that of
  /// `send_blocking`.
  template <class T = redis_value, detail::redis_argument... Ts>
  result<T> blocking(std::string_view name, const Ts&... arguments) {
    return send_blocking<T>(redis_command{name, arguments...});
  }

  /// The same for a command at hand. At the limit of the options, if that comes
  /// before the command's own, the server ends the wait (CLIENT UNBLOCK) and
  /// replies as if its time were over, mostly by nil; what comes at that moment
  /// is the reply and not lost.
  ///
  /// A server that does not even end the wait is given up half a second later:
  /// `outcome_unknown`, because it may have taken an element. Returns
  /// `invalid_argument` for a command that does not block, or without any
  /// limit, and `acquire_timeout` if all connections wait.
  template <class T = redis_value>
  result<T> send_blocking(redis_command what,
                          const acquire_options& options = {}) {
    return detail::read_reply<T>(wait_for(std::move(what), options));
  }

  /// The pool that these go over; opened on demand, and drained with this one.
  /// A lease of it is for commands that belong together, such as XREADGROUP and
  /// XACK, or writes and WAIT.
  result<pool<redis_connection>*> blocking_pool();

  /// Hears what is published, over one connection for all subscriptions of this
  /// pool: see `redis_subscriber`.
  result<redis_subscription> subscribe(const redis_topics& what,
                                       redis_listener listener,
                                       duration limit
                                       = std::chrono::seconds{5});

  /// What serves these; null before the first subscription.
  const redis_subscriber* subscriber() const;

  /// As any pool, those outside included.
  result<void> drain(duration limit);

private:
  static std::shared_ptr<redis_companions> no_companions();

  result<redis_value> wait_for(redis_command what,
                               const acquire_options& options);

  std::shared_ptr<redis_companions> beside_ = no_companions();
  /// Null if nothing is shared.
  std::shared_ptr<redis_lanes> lanes_ = redis_lanes::of(config());
};

template <>
class pool_words<redis_cluster_connection>
  : public redis_pool_words<redis_cluster_connection> {
public:
  using redis_pool_words::redis_pool_words;
};

extern template class redis_pool_words<redis_connection>;
extern template class redis_pool_words<redis_cluster_connection>;

} // namespace caf_pool

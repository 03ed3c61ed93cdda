#pragma once

#include "caf_pool/backend/redis/redis_connection.hpp"
#include "caf_pool/calls/redis_calls.hpp"
#include "caf_pool/pool.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace caf_pool {

/// A lease of a Redis connection: the calls of `redis_calls`, each with a limit
/// of its own if need be. Its holder may SELECT, WATCH and MULTI; what is left
/// of that is removed before the next holder comes.
template <>
class lease_words<redis_connection>
  : public lease,
    public redis_calls<lease_words<redis_connection>, std::optional<duration>> {
public:
  using calls
    = redis_calls<lease_words<redis_connection>, std::optional<duration>>;
  using calls::transaction;
  using lease::run;

  lease_words() = default;

  explicit lease_words(lease&& other) noexcept : lease(std::move(other)) {
    // nop
  }
};

/// A pool of Redis connections: the calls of `redis_calls`, each of which takes
/// a connection for its time.
template <>
class pool_words<redis_connection>
  : public any_pool,
    public redis_calls<pool_words<redis_connection>, acquire_options> {
public:
  using calls = redis_calls<pool_words<redis_connection>, acquire_options>;
  using any_pool::any_pool;
  using calls::transaction;

  using typed = typed_lease<redis_connection>;

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

} // namespace caf_pool

#pragma once

#include "caf_pool/core/resilience_config.hpp"
#include "caf_pool/core/secret.hpp"
#include "caf_pool/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace caf_pool {

/// Which idle connection is handed out next.
enum class hand_out_order : std::uint8_t {
  /// The one used last: lets the pool shrink (default).
  lifo,
  /// The one unused longest: spreads use evenly.
  fifo,
};

/// What happens to the traces a holder left on a connection.
enum class reset_policy : std::uint8_t {
  /// Nothing, not even a rollback: for servers that need none.
  none,
  /// An open transaction is rolled back; settings stay.
  transaction,
  /// As `full`, but skipped when the lease provably left no trace (default).
  automatic,
  /// Everything that outlives a statement is removed after each lease.
  full,
};

/// How many connections a pool opens before anybody asks.
enum class warm_up_policy : std::uint8_t {
  /// Opens on demand only.
  none,
  /// Opens `min_size` connections at start.
  to_min,
};

/// Everything that a pool can be told. Defaults are those of the base profile.
/// `validate()` in validate.hpp returns all problems; `settings.hpp` names
/// every key with its range and one sentence.
struct pool_config {
  std::string name = "main";
  std::string backend = "sqlite";
  /// Settings of the backend by its own keys, e.g. `host`, `path`.
  std::map<std::string, std::string> options;
  secret password;
  /// The node is only ready while this pool can serve.
  bool required = true;

  // -- size -------------------------------------------------------------------

  std::uint32_t min_size = 1;
  std::uint32_t max_size = 10;
  /// How many of `max_size` are overflow: opened under load only, and closed
  /// after `overflow_idle_time` without use.
  std::uint32_t max_overflow = 0;
  /// 0 means 10 x max_size.
  std::uint32_t max_waiters = 0;
  std::uint32_t open_concurrency = 2;
  /// Threads that open, probe, reset, execute and close for the pool.
  std::uint32_t workers = 4;

  // -- limits -----------------------------------------------------------------

  duration acquire_timeout = std::chrono::seconds{30};
  duration open_timeout = std::chrono::seconds{30};
  duration execute_timeout = std::chrono::seconds{60};
  duration reset_timeout = std::chrono::seconds{5};
  duration close_timeout = std::chrono::seconds{5};
  std::uint64_t max_result_bytes = std::uint64_t{64} << 20;

  // -- lifetime ---------------------------------------------------------------

  /// Zero turns these three off.
  duration max_idle_time = std::chrono::seconds{300};
  duration max_lifetime = std::chrono::seconds{3600};
  duration overflow_idle_time = std::chrono::seconds{30};
  /// A lifetime is shortened by a random share up to this, in percent.
  std::uint32_t lifetime_jitter_percent = 5;
  duration sweep_interval = std::chrono::seconds{60};

  // -- validation and health --------------------------------------------------

  bool validate_on_acquire = true;
  /// A connection is probed when its lease ends, before it is idle again.
  bool validate_on_release = false;
  /// What a probe runs; empty: the cheapest question that the server has.
  std::string validation_query;
  /// A connection that worked this recently is handed out without a probe.
  duration validation_bypass = std::chrono::milliseconds{500};
  std::uint32_t max_validation_failures = 3;
  duration health_check_interval = std::chrono::seconds{10};
  duration health_check_timeout = std::chrono::seconds{5};
  reset_policy reset_on_release = reset_policy::automatic;
  warm_up_policy warm_up = warm_up_policy::none;
  duration warm_up_timeout = std::chrono::seconds{30};

  // -- fairness and overload --------------------------------------------------

  hand_out_order order = hand_out_order::lifo;
  /// A waiter gains one priority step each time this passes; zero: never.
  duration priority_ageing = std::chrono::seconds{1};
  /// CoDel shedding ("Controlling Queue Delay", Nichols and Jacobson, 2012).
  bool shed_overload = true;
  duration shed_target = std::chrono::milliseconds{50};
  duration shed_interval = std::chrono::seconds{2};
  /// Lend idle connections to callers in this process without a message.
  bool fast_lane = true;
  /// Looks for a free connection so often before a caller queues.
  std::uint32_t fast_lane_tries = 32;

  // -- leaks ------------------------------------------------------------------

  /// Warn once about a lease held longer; zero: never.
  duration leak_threshold = duration::zero();
  /// Take such a lease away after this; zero: never.
  duration leak_revoke = duration::zero();

  /// Whether /metrics shows the pool.
  bool metrics = true;

  backoff_config retry;
  breaker_config breaker;

  std::uint32_t waiter_limit() const noexcept {
    return max_waiters != 0 ? max_waiters : 10 * max_size;
  }

  friend bool operator==(const pool_config&, const pool_config&) = default;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/machine/connection_table.hpp"
#include "caf_pool/machine/effect.hpp"
#include "caf_pool/machine/lease_book.hpp"
#include "caf_pool/machine/policy/backoff.hpp"
#include "caf_pool/machine/policy/circuit_breaker.hpp"
#include "caf_pool/machine/policy/lookout.hpp"
#include "caf_pool/machine/policy/use_time.hpp"
#include "caf_pool/machine/pool_facts.hpp"
#include "caf_pool/machine/queue/wait_queue.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace caf_pool {

/// What a pool is up to as a whole.
enum class pool_life : std::uint8_t {
  serving,
  /// Callers wait; nothing is granted.
  paused,
  /// No new callers; leases come to their end.
  draining,
  /// Over.
  closed,
};

/// Tells whether a pool takes no more callers, which no order changes.
constexpr bool ends(pool_life life) noexcept {
  return life == pool_life::draining || life == pool_life::closed;
}

/// Everything that a pool machine knows. `pool_machine` has the inputs,
/// `pool_rules.hpp` the rules.
struct pool_state {
  pool_state(const pool_config& cfg, pool_epoch at, std::uint64_t seed);

  pool_config config;
  pool_epoch epoch;
  random_source random;
  pool_life life = pool_life::serving;

  connection_table table;
  lease_book leases;
  wait_queue queue;
  /// The wishes behind the waiters in the queue, each with the end of its wait
  /// and, if it has a deadline, with what it allows for all.
  std::unordered_map<ticket, acquire_input> wishes;
  circuit_breaker breaker;
  backoff retry;
  lookout recovery;
  pool_counters counters;

  /// Connections of an older generation are replaced.
  std::uint64_t generation = 1;
  /// Connections that were last proven before this are probed before use.
  time_point suspect_before{};
  /// Probes for waiters that failed since one went well.
  std::uint32_t validation_failures = 0;
  error last_error;
  /// The server refuses new connections in a way that will not heal by itself.
  error refusal;
  /// When an opening failed last, or a connection broke before it ever worked.
  time_point failed_at{};
  /// When the server last did something right: an opening, a probe, a use.
  std::optional<time_point> well_at;
  /// Openings for waiters that did not wait for the backoff, since a new
  /// connection worked.
  std::uint32_t unpaused = 0;

  /// Filling up to `min_size` has begun.
  bool fill = false;
  /// How many may open at once while recovering; doubles with each success.
  std::uint32_t ramp = 1;
  /// The last opening that ended failed.
  bool failing = false;
  /// So many openings failed that the server counts as down.
  bool down = false;
  /// What subscribers know: up, degraded or down.
  pool_status told = pool_status::up;
  bool exhausted = false;
  /// Subscribers know that everything is gone.
  bool told_the_end = false;
  bool front_shut = false;
  /// The front had nothing left since it was shut.
  bool front_searched = false;
  /// An order to reach into the front is under way.
  bool front_reached_into = false;
  /// Callers that will not wait, and are not answered yet.
  std::vector<ticket> impatient;

  /// Running means that the sizing rules use.
  duration typical_use = duration::zero();
  duration typical_open = duration::zero();
  /// How long leases last, and those among them whose holders limited the use.
  use_time uses;
  use_times limited_uses;

  /// Memory for the next orders.
  effects spare;

  time_point started{};
  time_point last_input{};
  time_point planned_wakeup = never;
  time_point next_sweep = never;
  time_point next_health = never;
  time_point next_leak_check = never;
  /// When the offered connections are looked over; `never` if there are none.
  time_point next_look = never;
  time_point last_success{};
};

} // namespace caf_pool

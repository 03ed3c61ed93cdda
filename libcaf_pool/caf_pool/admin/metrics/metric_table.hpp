#pragma once

#include "caf_pool/core/pool_snapshot.hpp"

#include <cstdint>
#include <string_view>

/// Which counters and gauges of a pool become which metrics.
namespace caf_pool::detail {

struct counter_metric {
  std::string_view name;
  std::string_view help;
  std::uint64_t pool_counters::*value;
  /// Value of the label `reason`; empty: the metric has none. Rows of one
  /// metric follow each other.
  std::string_view reason = {};
};

inline constexpr counter_metric counter_metrics[] = {
  {"caf_pool_acquires_total", "Connections granted, fast lane included.",
   &pool_counters::acquired},
  {"caf_pool_acquires_waited_total", "Grants that had to wait in the queue.",
   &pool_counters::acquired_after_wait},
  {"caf_pool_releases_total", "Connections given back.",
   &pool_counters::released},
  {"caf_pool_acquire_timeouts_total",
   "Callers that got no connection before their deadline.",
   &pool_counters::acquire_timeouts},
  {"caf_pool_acquires_cancelled_total", "Callers that withdrew their request.",
   &pool_counters::cancelled},
  {"caf_pool_acquire_rejections_total", "Callers turned away, by reason.",
   &pool_counters::queue_full, "queue_full"},
  {"caf_pool_acquire_rejections_total", {}, &pool_counters::shed, "shed"},
  {"caf_pool_acquire_rejections_total",
   {},
   &pool_counters::rejected_by_breaker,
   "breaker_open"},
  {"caf_pool_acquire_rejections_total",
   {},
   &pool_counters::rejected,
   "not_serving"},
  {"caf_pool_connections_opened_total", "Connections opened.",
   &pool_counters::opened},
  {"caf_pool_connection_errors_total", "Connections that could not be opened.",
   &pool_counters::open_failures},
  {"caf_pool_connections_closed_total",
   "Connections ended, as planned or by accident.", &pool_counters::retired,
   "retired"},
  {"caf_pool_connections_closed_total", {}, &pool_counters::lost, "lost"},
  {"caf_pool_probes_total", "Connections asked whether they live.",
   &pool_counters::probes},
  {"caf_pool_probe_failures_total", "Probes that found a dead connection.",
   &pool_counters::probe_failures},
  {"caf_pool_resets_total", "Connections cleaned after a lease.",
   &pool_counters::resets},
  {"caf_pool_reset_failures_total", "Connections that could not be cleaned.",
   &pool_counters::reset_failures},
  {"caf_pool_executes_total", "Statements run by the pool itself.",
   &pool_counters::executed},
  {"caf_pool_execute_errors_total", "Statements that failed.",
   &pool_counters::execute_errors},
  {"caf_pool_leaks_suspected_total", "Leases held beyond the leak threshold.",
   &pool_counters::leaks_suspected},
  {"caf_pool_leases_revoked_total", "Leases taken away from their holders.",
   &pool_counters::leases_revoked},
  {"caf_pool_stale_releases_total",
   "Releases and uses with an outdated lease id.",
   &pool_counters::stale_releases},
  {"caf_pool_breaker_openings_total", "Times the circuit breaker opened.",
   &pool_counters::breaker_openings},
  {"caf_pool_breaker_late_results_total",
   "Results that came after the breaker had changed.",
   &pool_counters::late_results},
  {"caf_pool_exhausted_total",
   "Times that every connection was leased while callers waited.",
   &pool_counters::exhausted},
  {"caf_pool_restarts_total", "Restarts of the pool's actor.",
   &pool_counters::restarts},
  {"caf_pool_freezes_total", "Times that the process stood still.",
   &pool_counters::freezes},
  {"caf_pool_server_warnings_total",
   "Warnings of the server about statements that went well.",
   &pool_counters::server_warnings},
};

struct state_metric {
  std::string_view state;
  std::uint32_t pool_gauges::*value;
};

/// States of connections; together they are all connections.
inline constexpr state_metric connection_states[] = {
  {"opening", &pool_gauges::opening},
  {"idle", &pool_gauges::idle},
  {"leased", &pool_gauges::leased},
  {"resetting", &pool_gauges::resetting},
  {"probing", &pool_gauges::probing},
  {"closing", &pool_gauges::closing},
  {"quarantined", &pool_gauges::quarantined},
};

struct histogram_metric {
  std::string_view name;
  std::string_view help;
  histogram_snapshot pool_snapshot::*value;
};

inline constexpr histogram_metric histogram_metrics[] = {
  {"caf_pool_connection_create_seconds", "Time to open a connection.",
   &pool_snapshot::open_time},
  {"caf_pool_connection_wait_seconds",
   "Time from asking for a connection to having it.",
   &pool_snapshot::wait_time},
  {"caf_pool_connection_use_seconds",
   "Time from having a connection to giving it back; of the fast lane a "
   "sample.",
   &pool_snapshot::use_time},
  {"caf_pool_execute_seconds", "Time that statements of the pool itself took.",
   &pool_snapshot::execute_time},
};

} // namespace caf_pool::detail

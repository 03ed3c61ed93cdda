#include "caf_pool/admin/json/json_parts.hpp"

#include <nlohmann/json.hpp>

namespace caf_pool {

namespace {

using namespace detail;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

double per_second(std::uint64_t count, duration time) {
  return time <= duration::zero() ? 0.0
                                  : static_cast<double>(count) / seconds(time);
}

json_document current_state(const pool_record& x) {
  auto& now = x.now;
  auto& g = now.gauges;
  return {{"active_connections", g.leased},
          {"idle_connections", g.idle},
          {"waiting_requests", g.waiting},
          {"total", g.total()},
          {"available", g.idle},
          {"in_use", g.leased},
          {"utilization", now.utilization()},
          {"peak_connections", now.peak_leased},
          {"opening", g.opening},
          {"resetting", g.resetting},
          {"probing", g.probing},
          {"closing", g.closing},
          {"quarantined", g.quarantined},
          {"longest_wait", seconds(now.longest_wait)},
          {"pool_size", base_size(now)},
          {"overflow", overflow(now)},
          {"min_size", now.min_size},
          {"max_size", now.max_size},
          {"max_overflow", now.max_overflow},
          {"max_waiters", now.max_waiters}};
}

json_document health_metrics(const pool_record& x) {
  auto& now = x.now;
  return {{"total_connections_created", now.counters.opened},
          {"total_connections_closed", closed_connections(now)},
          {"connection_errors", now.counters.open_failures},
          {"connection_timeouts", now.counters.acquire_timeouts},
          {"avg_connection_acquisition_time", average_wait(now)},
          {"max_connection_acquisition_time", seconds(now.wait_time.max)},
          {"health_check_failures", now.counters.probe_failures},
          {"last_health_check", last_probe_json(x)},
          {"pool_exhausted_count", now.counters.exhausted}};
}

json_document time_json(const histogram_snapshot& x) {
  return {{"count", x.count},
          {"mean", seconds(x.mean())},
          {"p50", seconds(x.percentile(0.5))},
          {"p95", seconds(x.percentile(0.95))},
          {"p99", seconds(x.percentile(0.99))},
          {"max", seconds(x.max)}};
}

json_document performance(const pool_snapshot& x) {
  return {{"response_time", time_json(x.execute_time)},
          {"throughput", per_second(x.counters.executed, x.uptime)},
          {"error_rate", share(x.counters.execute_errors, x.counters.executed)},
          {"recycle_rate", per_second(x.counters.retired, x.uptime)},
          {"wait_time", time_json(x.wait_time)},
          {"use_time", time_json(x.use_time)},
          {"open_time", time_json(x.open_time)}};
}

json_document counters_json(const pool_counters& x) {
  return {{"acquired", x.acquired},
          {"acquired_after_wait", x.acquired_after_wait},
          {"released", x.released},
          {"acquire_timeouts", x.acquire_timeouts},
          {"cancelled", x.cancelled},
          {"queue_full", x.queue_full},
          {"shed", x.shed},
          {"rejected_by_breaker", x.rejected_by_breaker},
          {"rejected", x.rejected},
          {"opened", x.opened},
          {"open_failures", x.open_failures},
          {"retired", x.retired},
          {"lost", x.lost},
          {"probes", x.probes},
          {"probe_failures", x.probe_failures},
          {"resets", x.resets},
          {"reset_failures", x.reset_failures},
          {"executed", x.executed},
          {"execute_errors", x.execute_errors},
          {"leaks_suspected", x.leaks_suspected},
          {"leases_revoked", x.leases_revoked},
          {"stale_releases", x.stale_releases},
          {"breaker_openings", x.breaker_openings},
          {"exhausted", x.exhausted},
          {"restarts", x.restarts},
          {"freezes", x.freezes},
          {"late_results", x.late_results},
          {"server_warnings", x.server_warnings}};
}

json_document leases_json(const std::vector<lease_info>& xs) {
  auto result = json_document::array();
  for (auto& x : xs)
    result.push_back({{"id", to_string(x.id)},
                      {"holder", x.holder},
                      {"held", seconds(x.held)},
                      {"suspected", x.suspected}});
  return result;
}

json_document connections_json(const std::vector<connection_info>& xs) {
  auto result = json_document::array();
  for (auto& x : xs)
    result.push_back({{"id", to_string(x.id)},
                      {"state", x.state},
                      {"age", seconds(x.age)},
                      {"unused_for", seconds(x.unused_for)},
                      {"uses", x.uses}});
  return result;
}

} // namespace

json_document pool_json(const pool_record& pool, const pool_overview& x) {
  auto& now = pool.now;
  json_document doc = {{"name", now.name},
                       {"backend", now.backend},
                       {"status", to_string(now.status)},
                       {"required", now.required},
                       {"reasons", now.reasons},
                       {"uptime", seconds(now.uptime)},
                       {"current_state", current_state(pool)},
                       {"health_metrics", health_metrics(pool)},
                       {"performance", performance(now)},
                       {"counters", counters_json(now.counters)},
                       {"breaker", breaker_json(now)},
                       {"last_error", error_json(now.last_error)},
                       {"leases", leases_json(now.leases)},
                       {"connections", connections_json(now.connections)}};
  mark_stale(doc, x);
  return doc;
}

} // namespace caf_pool

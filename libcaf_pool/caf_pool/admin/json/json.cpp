#include "caf_pool/admin/json/json.hpp"

#include "caf_pool/admin/json/json_parts.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace caf_pool {

namespace {

using namespace detail;

// Both groups, filled by one function per kind of pool.
template <class Database, class Redis>
json_document grouped(const pool_overview& x, Database database, Redis redis) {
  json_document doc;
  doc["database_pools"] = json_document::object();
  doc["redis_pools"] = json_document::object();
  for (auto& pool : x.pools)
    if (pool.family == "redis")
      doc["redis_pools"][pool.now.name] = redis(pool);
    else
      doc["database_pools"][pool.now.name] = database(pool);
  return doc;
}

// -- all pools ----------------------------------------------------------------

json_document database_stats(const pool_record& x) {
  auto& now = x.now;
  return {{"active_connections", now.gauges.leased},
          {"peak_connections", now.peak_leased},
          {"connections_created", now.counters.opened},
          {"connections_closed", closed_connections(now)},
          {"average_wait_time", average_wait(now)},
          {"pool_size", base_size(now)},
          {"overflow", overflow(now)}};
}

json_document redis_stats(const pool_record& x) {
  return {{"in_use_connections", x.now.gauges.leased},
          {"available_connections", x.now.gauges.idle},
          {"created_connections", x.now.counters.opened}};
}

json_document pool_health(const pool_record& x) {
  auto& now = x.now;
  return {{"status", to_string(now.status)},
          {"serving", can_serve(now)},
          {"required", now.required},
          {"reasons", now.reasons},
          {"breaker", breaker_json(now)},
          {"consecutive_open_failures", now.consecutive_open_failures},
          {"health_checks", now.counters.probes},
          {"health_check_failures", now.counters.probe_failures},
          {"last_health_check", last_probe_json(x)},
          {"last_error", error_json(now.last_error)}};
}

// -- readiness ----------------------------------------------------------------

std::string_view phase_text(node_phase x) {
  switch (x) {
    case node_phase::starting:
      return "starting";
    case node_phase::serving:
      return "serving";
    case node_phase::draining:
      return "draining";
  }
  return "unknown";
}

json_document reload_json(const std::optional<reload_outcome>& x) {
  if (!x)
    return nullptr;
  return {
    {"successful", x->successful}, {"text", x->text}, {"age", seconds(x->age)}};
}

} // namespace

json_document stats_json(const pool_overview& x) {
  auto doc = grouped(x, database_stats, redis_stats);
  doc["recommendations"] = json_document::array();
  mark_stale(doc, x);
  return doc;
}

json_document health_json(const pool_overview& x) {
  auto doc = grouped(x, pool_health, pool_health);
  mark_stale(doc, x);
  return doc;
}

json_document list_json(const pool_overview& x) {
  pool_gauges sum;
  json_document doc;
  doc["pools"] = json_document::array();
  for (auto& pool : x.pools) {
    auto& now = pool.now;
    doc["pools"].push_back({{"name", now.name},
                            {"backend", now.backend},
                            {"status", to_string(now.status)},
                            {"total", now.gauges.total()},
                            {"available", now.gauges.idle},
                            {"in_use", now.gauges.leased},
                            {"waiting", now.gauges.waiting}});
    // The rest of the sum goes where it does not matter.
    sum.opening += now.gauges.total() - now.gauges.idle - now.gauges.leased;
    sum.idle += now.gauges.idle;
    sum.leased += now.gauges.leased;
    sum.waiting += now.gauges.waiting;
  }
  doc["totals"] = {{"pools", x.pools.size()},
                   {"total", sum.total()},
                   {"available", sum.idle},
                   {"in_use", sum.leased},
                   {"waiting", sum.waiting}};
  mark_stale(doc, x);
  return doc;
}

json_document readiness_json(const readiness& state, const node_facts& node,
                             const pool_overview& x, bool verbose) {
  json_document doc = {{"status", state.ready ? "ready" : "not ready"},
                       {"reasons", state.reasons}};
  if (!verbose)
    return doc;
  doc["phase"] = phase_text(node.phase);
  doc["uptime"] = seconds(node.uptime);
  doc["last_reload"] = reload_json(node.last_reload);
  doc["pools"] = json_document::object();
  for (auto& pool : x.pools)
    doc["pools"][pool.now.name] = {{"status", to_string(pool.now.status)},
                                   {"serving", can_serve(pool.now)},
                                   {"required", pool.now.required},
                                   {"reasons", pool.now.reasons}};
  mark_stale(doc, x);
  return doc;
}

} // namespace caf_pool

#include "caf_pool/admin/metrics/metrics.hpp"

#include "caf_pool/admin/json/json_parts.hpp"
#include "caf_pool/admin/metrics/metric_families.hpp"
#include "caf_pool/admin/metrics/metric_table.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

namespace caf_pool {

namespace {

using namespace detail;
using prometheus::MetricType;

// -- many pools ---------------------------------------------------------------

void add(histogram_snapshot& to, const histogram_snapshot& from) {
  if (to.counts.size() < from.counts.size())
    to.counts.resize(from.counts.size());
  for (std::size_t i = 0; i < from.counts.size(); ++i)
    to.counts[i] += from.counts[i];
  to.count += from.count;
  to.sum += from.sum;
  to.max = std::max(to.max, from.max);
}

// Adds up what can be added up; the rest stays as it is.
void add(pool_record& to, const pool_record& from) {
  auto& a = to.now;
  auto& b = from.now;
  a.min_size += b.min_size;
  a.max_size += b.max_size;
  a.max_overflow += b.max_overflow;
  a.max_waiters += b.max_waiters;
  a.gauges.waiting += b.gauges.waiting;
  for (auto& x : connection_states)
    a.gauges.*x.value += b.gauges.*x.value;
  for (auto& x : counter_metrics)
    a.counters.*x.value += b.counters.*x.value;
  for (auto& x : histogram_metrics)
    add(a.*x.value, b.*x.value);
  a.longest_wait = std::max(a.longest_wait, b.longest_wait);
  a.uptime = std::max(a.uptime, b.uptime);
  a.breaker_open_for = std::max(a.breaker_open_for, b.breaker_open_for);
  a.consecutive_open_failures
    = std::max(a.consecutive_open_failures, b.consecutive_open_failures);
  a.peak_leased += b.peak_leased;
}

// -- one pool -----------------------------------------------------------------

void add_states(metric_families& out, const pool_record& pool) {
  auto& x = pool.now;
  auto& status
    = out.get("caf_pool_status", "Whether the pool serves.", MetricType::Gauge);
  for (auto i = pool_status::up; i <= pool_status::closed;
       i = static_cast<pool_status>(static_cast<int>(i) + 1))
    add_gauge(status, i == x.status ? 1 : 0,
              {{"pool", x.name}, {"status", to_string(i)}});
  auto& breaker = out.get("caf_pool_breaker_state",
                          "State of the circuit breaker.", MetricType::Gauge);
  for (auto i = breaker_state::closed; i <= breaker_state::forced_closed;
       i = static_cast<breaker_state>(static_cast<int>(i) + 1))
    add_gauge(breaker, i == x.breaker ? 1 : 0,
              {{"pool", x.name}, {"state", to_string(i)}});
  add_gauge(
    out.get("caf_pool_info", "Kind of server of the pool.", MetricType::Gauge),
    1, {{"pool", x.name}, {"backend", x.backend}});
  add_gauge(out.get("caf_pool_required", "Whether the node needs the pool.",
                    MetricType::Gauge),
            x.required ? 1 : 0, {{"pool", x.name}});
}

void add_sizes(metric_families& out, const pool_record& pool) {
  auto& x = pool.now;
  auto& states = out.get("caf_pool_connections", "Connections by state.",
                         MetricType::Gauge);
  for (auto& state : connection_states)
    add_gauge(states, x.gauges.*state.value,
              {{"pool", x.name}, {"state", state.state}});
  auto gauge = [&](std::string_view name, std::string_view help, double value) {
    add_gauge(out.get(name, help, MetricType::Gauge), value,
              {{"pool", x.name}});
  };
  gauge("caf_pool_connections_min", "Connections to keep open.", x.min_size);
  gauge("caf_pool_connections_max", "Connections at most.", x.max_size);
  gauge("caf_pool_connections_base", "Connections at most without overflow.",
        base_size(x));
  gauge("caf_pool_connections_overflow",
        "Connections open beyond the size without overflow.", overflow(x));
  gauge("caf_pool_connections_peak",
        "Most connections leased at the same time.", x.peak_leased);
  gauge("caf_pool_utilization_ratio", "Leased share of the open connections.",
        x.utilization());
  gauge("caf_pool_pending_requests", "Callers that wait for a connection.",
        x.gauges.waiting);
  gauge("caf_pool_pending_requests_max", "Callers that may wait at most.",
        x.max_waiters);
  gauge("caf_pool_longest_wait_seconds",
        "How long the first waiter has waited.", seconds(x.longest_wait));
  gauge("caf_pool_connection_wait_max_seconds",
        "Longest wait for a connection so far.", seconds(x.wait_time.max));
  gauge("caf_pool_breaker_open_seconds", "How long the breaker stays open.",
        seconds(x.breaker_open_for));
  gauge("caf_pool_connection_errors_in_a_row",
        "Failures to open a connection since the last success.",
        x.consecutive_open_failures);
  gauge("caf_pool_uptime_seconds", "Age of the pool.", seconds(x.uptime));
}

void add_counters(metric_families& out, const pool_record& pool) {
  auto& x = pool.now;
  for (auto& row : counter_metrics) {
    labels xs{{"pool", x.name}};
    if (!row.reason.empty())
      xs.emplace_back("reason", row.reason);
    add_counter(out.get(row.name, row.help, MetricType::Counter),
                x.counters.*row.value, xs);
  }
}

void add_histograms(metric_families& out, const pool_record& pool) {
  auto& x = pool.now;
  for (auto& row : histogram_metrics) {
    // Grants of the fast lane took no time worth measuring, but they count.
    auto at_once = row.value == &pool_snapshot::wait_time
                       && x.counters.acquired > x.wait_time.count
                     ? x.counters.acquired - x.wait_time.count
                     : 0;
    add_histogram(out.get(row.name, row.help, MetricType::Histogram),
                  x.*row.value, at_once, {{"pool", x.name}});
  }
}

void add_pool(metric_families& out, const pool_record& pool) {
  add_sizes(out, pool);
  add_counters(out, pool);
  add_histograms(out, pool);
}

// -- the node -----------------------------------------------------------------

void add_node(metric_families& out, const pool_overview& x,
              const metrics_facts& facts) {
  auto gauge = [&](std::string_view name, std::string_view help, double value) {
    add_gauge(out.get(name, help, MetricType::Gauge), value, {});
  };
  add_gauge(out.get("caf_pool_build_info", "What the node was built from.",
                    MetricType::Gauge),
            1, {{"version", facts.version}, {"compiler", __VERSION__}});
  gauge("caf_pool_ready", "Whether the node is ready for work.",
        facts.ready ? 1 : 0);
  gauge("caf_pool_draining", "Whether the node is stopping.",
        facts.node.phase == node_phase::draining ? 1 : 0);
  gauge("caf_pool_node_uptime_seconds", "Age of the node.",
        seconds(facts.node.uptime));
  gauge("caf_pool_pools", "Pools of the node.",
        static_cast<double>(x.pools.size()));
  gauge("caf_pool_snapshot_stale",
        "Whether the manager did not answer: numbers of pools are old.",
        x.stale ? 1 : 0);
  gauge("caf_pool_snapshot_age_seconds", "Age of the numbers of pools.",
        seconds(x.age));
  if (facts.node.last_reload)
    gauge("caf_pool_config_last_reload_successful",
          "Whether the last reload of the configuration succeeded.",
          facts.node.last_reload->successful ? 1 : 0);
}

} // namespace

std::string metrics_text(const pool_overview& x, const metrics_facts& facts) {
  metric_families out;
  add_node(out, x, facts);
  pool_record rest;
  rest.now.name = other_pools;
  std::size_t count = 0;
  for (auto& pool : x.pools) {
    if (facts.node.without_metrics.contains(pool.now.name))
      continue;
    if (++count > max_pools_in_metrics) {
      add(rest, pool);
      continue;
    }
    add_states(out, pool);
    add_pool(out, pool);
  }
  if (count > max_pools_in_metrics)
    add_pool(out, rest);
  std::ostringstream text;
  prometheus::TextSerializer{}.Serialize(text, out.take());
  return std::move(text).str();
}

} // namespace caf_pool

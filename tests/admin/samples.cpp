#include "admin/samples.hpp"

#include <chrono>
#include <utility>

namespace caf_pool::test {

using namespace std::chrono_literals;

pool_snapshot sample_pool(const std::string& name) {
  pool_snapshot x;
  x.name = name;
  x.backend = "postgres";
  x.status = pool_status::up;
  x.min_size = 2;
  x.max_size = 30;
  x.max_overflow = 20;
  x.max_waiters = 300;
  x.gauges.idle = 6;
  x.gauges.leased = 5;
  x.gauges.probing = 1;
  x.gauges.waiting = 4;
  x.counters.acquired = 100;
  x.counters.acquired_after_wait = 2;
  x.counters.released = 95;
  x.counters.acquire_timeouts = 7;
  x.counters.opened = 15;
  x.counters.open_failures = 8;
  x.counters.retired = 2;
  x.counters.lost = 1;
  x.counters.probes = 20;
  x.counters.probe_failures = 3;
  x.counters.executed = 50;
  x.counters.execute_errors = 5;
  x.counters.exhausted = 9;
  x.longest_wait = 250ms;
  x.uptime = 100s;
  x.wait_time = samples({500ms, 1500ms});
  x.use_time = samples({10ms});
  x.open_time = samples({3ms, 5ms});
  x.execute_time = samples({2ms});
  return x;
}

pool_snapshot sample_redis(const std::string& name) {
  pool_snapshot x;
  x.name = name;
  x.backend = "redis";
  x.status = pool_status::up;
  x.max_size = 10;
  x.gauges.leased = 3;
  x.gauges.idle = 7;
  x.counters.opened = 10;
  return x;
}

histogram_snapshot samples(const std::vector<duration>& xs) {
  histogram result;
  for (auto x : xs)
    result.record(x);
  return result.snapshot();
}

pool_overview overview_of(std::vector<pool_snapshot> pools) {
  pool_overview result;
  result.known = true;
  for (auto& x : pools)
    result.pools.push_back(
      {x, std::nullopt, x.backend == "redis" ? "redis" : "database"});
  return result;
}

admin_facts facts_of(std::vector<pool_snapshot> pools) {
  admin_facts result;
  result.name = "test-node";
  result.version = "1.2.3";
  result.node.phase = node_phase::serving;
  result.pools = overview_of(std::move(pools));
  result.config = [] { return std::string{"{}\n"}; };
  return result;
}

admin_request request_for(std::string target, std::string method) {
  admin_request result;
  result.method = std::move(method);
  result.target = std::move(target);
  result.hosts = {"localhost:4780"};
  return result;
}

std::string metric(const std::string& text, const std::string& series) {
  auto all = '\n' + text;
  auto first = all.find('\n' + series + ' ');
  if (first == std::string::npos)
    return {};
  first += series.size() + 2;
  return all.substr(first, all.find('\n', first) - first);
}

} // namespace caf_pool::test

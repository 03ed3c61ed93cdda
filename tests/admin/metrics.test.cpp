#include "caf_pool/admin/metrics/metrics.hpp"

#include "caf_pool/admin/metrics/label.hpp"
#include "caf_pool/admin/metrics/metric_families.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"
#include "support/process.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>

using namespace caf_pool;
using namespace std::chrono_literals;
using test::metric;

namespace {

metrics_facts node_serving() {
  metrics_facts facts;
  facts.version = "1.2.3";
  facts.node.phase = node_phase::serving;
  facts.node.last_reload = reload_outcome{};
  return facts;
}

std::string metrics_of(std::vector<pool_snapshot> pools) {
  return metrics_text(test::overview_of(std::move(pools)), node_serving());
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

std::size_t series_in(const std::string& text) {
  auto xs = lines_of(text);
  return static_cast<std::size_t>(std::count_if(
    xs.begin(), xs.end(), [](auto& x) { return !x.starts_with('#'); }));
}

// What the linter of Prometheus says.
test::finished_process lint(const std::string& text) {
  test::process_options linter;
  linter.command = {"promtool", "check", "metrics"};
  return test::run(linter, text);
}

// A test is skipped without promtool, which is in Debian's package prometheus.
bool has_promtool() {
  return std::system("command -v promtool >/dev/null 2>&1") == 0;
}

} // namespace

TEST_CASE("metrics pass the linter of Prometheus") {
  if (!has_promtool())
    SKIP("promtool is not installed, see Debian's package prometheus");
  auto full = test::overview_of({test::sample_pool(), test::sample_redis()});
  full.stale = true;
  full.age = 3s;
  for (auto& text :
       {metrics_text(full, node_serving()), metrics_of({}),
        metrics_of({test::sample_pool("evil\"\n# \\name \xff")})}) {
    auto verdict = lint(text);
    CHECK(verdict.status == 0);
    CHECK(verdict.out == "");
    CHECK(verdict.err == "");
  }
}

TEST_CASE("the linter of Prometheus would complain") {
  if (!has_promtool())
    SKIP("promtool is not installed, see Debian's package prometheus");
  auto verdict = lint("# TYPE caf_pool_bad counter\ncaf_pool_bad 1\n");
  CHECK(verdict.status != 0);
}

TEST_CASE("connections are told by state and add up", "[A05]") {
  auto text = metrics_of({test::sample_pool("main")});
  auto state = [&text](const std::string& x) {
    return metric(text,
                  "caf_pool_connections{pool=\"main\",state=\"" + x + "\"}");
  };
  CHECK(state("idle") == "6");
  CHECK(state("leased") == "5");
  CHECK(state("probing") == "1");
  auto sum = 0;
  for (auto x : {"opening", "idle", "leased", "resetting", "probing", "closing",
                 "quarantined"})
    sum += std::stoi(state(x));
  CHECK(sum == 12);
}

TEST_CASE("every statistic that the replaced systems kept is a metric",
          "[A05]") {
  auto pool = test::sample_pool("main");
  auto all = test::overview_of({pool});
  all.pools[0].now.peak_leased = 12;
  auto text = metrics_text(all, node_serving());
  auto of_pool = [&text](const std::string& name) {
    return metric(text, name + "{pool=\"main\"}");
  };
  CHECK(of_pool("caf_pool_pending_requests") == "4");
  CHECK(of_pool("caf_pool_connections_max") == "30");
  CHECK(of_pool("caf_pool_connections_min") == "2");
  CHECK(of_pool("caf_pool_connections_base") == "10");
  CHECK(of_pool("caf_pool_connections_overflow") == "2");
  CHECK(of_pool("caf_pool_connections_peak") == "12");
  CHECK(std::stod(of_pool("caf_pool_utilization_ratio")) == Approx(5.0 / 12.0));
  CHECK(of_pool("caf_pool_connections_opened_total") == "15");
  CHECK(of_pool("caf_pool_connection_errors_total") == "8");
  CHECK(of_pool("caf_pool_acquire_timeouts_total") == "7");
  CHECK(of_pool("caf_pool_probe_failures_total") == "3");
  CHECK(of_pool("caf_pool_exhausted_total") == "9");
  CHECK(of_pool("caf_pool_executes_total") == "50");
  CHECK(of_pool("caf_pool_execute_errors_total") == "5");
  CHECK(of_pool("caf_pool_connection_wait_max_seconds") == "1.5");
  CHECK(of_pool("caf_pool_connection_wait_seconds_sum") == "2");
  CHECK(of_pool("caf_pool_execute_seconds_count") == "1");
  auto closed = [&text](const std::string& reason) {
    return metric(text,
                  "caf_pool_connections_closed_total{pool=\"main\","
                  "reason=\""
                    + reason + "\"}");
  };
  CHECK(closed("retired") == "2");
  CHECK(closed("lost") == "1");
}

TEST_CASE("every counter of a pool is exported once", "[A05]") {
  pool_snapshot pool;
  pool.name = "main";
  constexpr auto n = sizeof(pool_counters) / sizeof(std::uint64_t);
  auto* first = &pool.counters.acquired;
  for (std::size_t i = 0; i < n; ++i)
    first[i] = 1000 + i;
  std::set<std::string> values;
  for (auto& line : lines_of(metrics_of({pool})))
    if (!line.starts_with('#') && line.find("_total") != std::string::npos)
      values.insert(line.substr(line.rfind(' ') + 1));
  CHECK(values.size() == n);
}

TEST_CASE("states are sets of which one is true") {
  auto pool = test::sample_pool("main");
  pool.status = pool_status::paused;
  pool.breaker = breaker_state::half_open;
  auto text = metrics_of({pool});
  auto status = [&text](const std::string& x) {
    return metric(text, "caf_pool_status{pool=\"main\",status=\"" + x + "\"}");
  };
  auto breaker = [&text](const std::string& x) {
    return metric(text,
                  "caf_pool_breaker_state{pool=\"main\",state=\"" + x + "\"}");
  };
  CHECK(status("paused") == "1");
  for (auto x : {"up", "degraded", "down", "draining", "closed"})
    CHECK(status(x) == "0");
  CHECK(breaker("half_open") == "1");
  for (auto x : {"closed", "open", "forced_open", "forced_closed"})
    CHECK(breaker(x) == "0");
}

TEST_CASE("histograms count exactly, fast lane included", "[A05]") {
  auto pool = test::sample_pool("main");
  pool.counters.acquired = 100;
  pool.wait_time = test::samples({100ns, 1ms, 10ms, 10ms, 1s, 1h});
  auto text = metrics_of({pool});
  std::vector<std::pair<double, std::uint64_t>> buckets;
  for (auto& line : lines_of(text)) {
    std::string head
      = "caf_pool_connection_wait_seconds_bucket{pool=\"main\","
        "le=\"";
    if (line.starts_with(head))
      buckets.emplace_back(std::stod(line.substr(head.size())),
                           std::stoull(line.substr(line.rfind(' '))));
  }
  REQUIRE(buckets.size() == detail::exported_limits().size() + 1);
  // What did not go through the queue waited for no time at all.
  auto expected = [&pool](double limit) {
    std::uint64_t n = pool.counters.acquired - pool.wait_time.count;
    for (auto x : {100e-9, 1e-3, 10e-3, 10e-3, 1.0, 3600.0})
      n += x <= limit;
    return n;
  };
  for (auto& [limit, count] : buckets)
    CHECK(count == expected(limit));
  CHECK(buckets.back().second == 100);
  CHECK(metric(text, "caf_pool_connection_wait_seconds_count{pool=\"main\"}")
        == "100");
}

TEST_CASE("limits of histograms are where buckets end") {
  auto& limits = detail::exported_limits();
  REQUIRE(limits.size() == 22);
  CHECK(limits.front() == 1023ns);
  CHECK(limits.back() > 68s);
  for (auto x : limits)
    CHECK(histogram::bucket_limit(histogram::bucket_of(x)) == x);
  CHECK(std::is_sorted(limits.begin(), limits.end()));
}

TEST_CASE("labels cannot forge metrics") {
  CHECK(clean_label("main") == "main");
  CHECK(clean_label("a\"b\\c") == "a\"b\\c"); // the serializer escapes these
  CHECK(clean_label("a\nb\rc\td\x7f") == "a b c d ");
  CHECK(clean_label("\xC3\xA4 \xF0\x9F\x98\x80")
        == "\xC3\xA4 \xF0\x9F\x98\x80");
  // Cut off, overlong, surrogate, too large, a tail alone.
  for (auto bad : {"\xC3", "\xE2\x82", "\xC0\x80", "\xE0\x80\x80",
                   "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8", "\x80"}) {
    auto text = clean_label(bad);
    CHECK(
      std::all_of(text.begin(), text.end(), [](char c) { return c == '?'; }));
    CHECK(text.size() == std::string_view{bad}.size());
  }
  auto text = metrics_of({test::sample_pool("x\"} 1\ncaf_pool_evil 1\n#\\")});
  CHECK(text.find("\ncaf_pool_evil") == std::string::npos);
  CHECK(metric(text,
               "caf_pool_uptime_seconds{pool="
               "\"x\\\"} 1 caf_pool_evil 1 #\\\\\"}")
        == "100");
}

TEST_CASE("the number of series does not grow with tenants or holders",
          "[trap-T72]") {
  auto quiet = test::sample_pool("main");
  auto busy = quiet;
  for (std::uint64_t i = 1; i <= 100000; ++i) {
    auto n = std::to_string(i);
    lease_id id{pool_epoch{1}, connection_id{i}, i};
    busy.leases.push_back({id, "tenant " + n, 1s, false});
    busy.reasons.push_back("SELECT " + n);
  }
  busy.last_error = {errc::open_failed, "SELECT 4711 failed", "42601"};
  auto text = metrics_of({busy});
  CHECK(series_in(text) == series_in(metrics_of({quiet})));
  CHECK(text.find("tenant") == std::string::npos);
  CHECK(text.find("SELECT") == std::string::npos);
}

TEST_CASE("beyond a hundred pools the rest is one", "[trap-T72]") {
  std::vector<pool_snapshot> pools;
  for (auto i = 0; i < 1000; ++i)
    pools.push_back(test::sample_pool("p" + std::to_string(1000 + i)));
  auto text = metrics_of(pools);
  pools.resize(max_pools_in_metrics);
  auto limit = series_in(metrics_of(pools));
  CHECK(series_in(text) > limit);
  CHECK(series_in(text) < limit + limit / max_pools_in_metrics);
  CHECK(metric(text, "caf_pool_pools") == "1000");
  CHECK(metric(text, "caf_pool_acquires_total{pool=\"_other\"}") == "90000");
  CHECK(metric(text, "caf_pool_connections{pool=\"_other\",state=\"leased\"}")
        == "4500");
  CHECK(metric(text, "caf_pool_connection_use_seconds_count{pool=\"_other\"}")
        == "900");
  CHECK(metric(text, "caf_pool_acquires_total{pool=\"p1099\"}") == "100");
  CHECK(metric(text, "caf_pool_acquires_total{pool=\"p1100\"}") == "");
}

TEST_CASE("the node tells what it is and how it is") {
  auto x = test::overview_of({test::sample_pool("main")});
  auto facts = node_serving();
  auto text = metrics_text(x, facts);
  CHECK_THAT(text, ContainsSubstring("caf_pool_build_info{version=\"1.2.3\","));
  CHECK(metric(text, "caf_pool_ready") == "1");
  CHECK(metric(text, "caf_pool_pools") == "1");
  CHECK(metric(text, "caf_pool_config_last_reload_successful") == "1");
  CHECK(metric(text, "caf_pool_snapshot_stale") == "0");
  x.stale = true;
  x.age = 2s;
  facts.ready = false;
  facts.node.phase = node_phase::draining;
  facts.node.last_reload->successful = false;
  text = metrics_text(x, facts);
  CHECK(metric(text, "caf_pool_ready") == "0");
  CHECK(metric(text, "caf_pool_draining") == "1");
  CHECK(metric(text, "caf_pool_snapshot_stale") == "1");
  CHECK(metric(text, "caf_pool_snapshot_age_seconds") == "2");
  CHECK(metric(text, "caf_pool_config_last_reload_successful") == "0");
}

TEST_CASE("a pool without metrics has no series, but counts as a pool") {
  auto x = test::overview_of(
    {test::sample_pool("loud"), test::sample_pool("quiet")});
  auto facts = node_serving();
  facts.node.without_metrics = {"quiet"};
  auto text = metrics_text(x, facts);
  CHECK_THAT(text, ContainsSubstring("pool=\"loud\""));
  CHECK(text.find("quiet") == std::string::npos);
  CHECK(metric(text, "caf_pool_pools") == "2");
}

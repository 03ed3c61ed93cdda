#include "caf_pool/admin/json/json.hpp"
#include "caf_pool/admin/metrics/metrics.hpp"
#include "caf_pool/machine/pool_machine.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <deque>
#include <random>
#include <variant>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

pool_config small_pool() {
  pool_config x;
  x.min_size = 0;
  x.max_size = 4;
  x.max_waiters = 6;
  x.validate_on_acquire = false;
  x.health_check_interval = 0s;
  x.fast_lane = false;
  x.reset_on_release = reset_policy::none;
  x.breaker.enabled = false;
  return x;
}

// Drives a pool machine with a server that refuses every fifth connection, and
// counts by itself what happens.
class workload {
public:
  workload() {
    perform(machine_.start(now_));
  }

  void acquire() {
    acquire_input x;
    x.caller = ticket{++tickets_};
    x.how.wait_until = now_ + 1s;
    perform(machine_.acquire(x, now_));
  }

  void release() {
    if (leases_.empty())
      return;
    auto lease = leases_.front();
    leases_.pop_front();
    ++released;
    perform(machine_.release(lease, {}, now_));
  }

  void pass(duration x) {
    now_ += x;
    perform(machine_.tick(now_));
  }

  pool_snapshot snapshot() const {
    return machine_.snapshot(now_);
  }

  std::size_t leased() const {
    return leases_.size();
  }

  std::uint64_t granted = 0;
  std::uint64_t released = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t full = 0;
  std::uint64_t opened = 0;
  std::uint64_t refused = 0;

private:
  void perform(effects orders) {
    for (auto& x : orders)
      std::visit([this](auto& order) { on(order); }, x);
  }

  void on(effect::grant& x) {
    ++granted;
    leases_.push_back(x.lease);
  }

  void on(effect::reject& x) {
    timeouts += x.why.code == errc::acquire_timeout;
    full += x.why.code == errc::queue_full;
  }

  void on(effect::open_connection& x) {
    auto refuses = ++attempts_ % 5 == 0;
    if (refuses) {
      ++refused;
      perform(machine_.open_failed(x.connection, {errc::open_failed, "no", {}},
                                   1ms, now_));
    } else {
      ++opened;
      perform(machine_.opened(x.connection, 1ms, now_));
    }
  }

  void on(effect::close_connection& x) {
    perform(machine_.closed(x.connection, now_));
  }

  template <class T>
  void on(T&) {
    // nop
  }

  time_point now_{1h};
  pool_machine machine_{small_pool(), pool_epoch{1}, 4711};
  std::deque<lease_id> leases_;
  std::uint64_t tickets_ = 0;
  std::uint64_t attempts_ = 0;
};

} // namespace

TEST_CASE("after a known workload, all documents agree with the truth",
          "[A05]") {
  workload x;
  std::mt19937 dice{42};
  for (auto i = 0; i < 20000; ++i)
    switch (dice() % 8) {
      case 0:
      case 1:
      case 2:
        x.acquire();
        break;
      case 3:
      case 4:
        x.release();
        break;
      case 5:
        x.pass(10ms);
        break;
      case 6:
        x.pass(400ms);
        break;
      default:
        if (dice() % 20 == 0)
          x.pass(10min); // idle connections go
    }
  // The workload must have met what it is to prove.
  REQUIRE(x.granted > 1000);
  REQUIRE(x.timeouts > 100);
  REQUIRE(x.full > 10);
  REQUIRE(x.refused > 10);
  auto all = test::overview_of({x.snapshot()});
  auto& now = all.pools[0].now;
  auto stats = stats_json(all)["database_pools"]["main"];
  CHECK(stats["active_connections"] == x.leased());
  CHECK(stats["connections_created"] == x.opened);
  CHECK(stats["connections_closed"] == x.opened - now.gauges.total());
  auto doc = pool_json(all.pools[0], all);
  CHECK(doc["health_metrics"]["connection_errors"] == x.refused);
  CHECK(doc["health_metrics"]["connection_timeouts"] == x.timeouts);
  CHECK(doc["counters"]["acquired"] == x.granted);
  CHECK(doc["counters"]["released"] == x.released);
  auto text = metrics_text(all, {});
  auto of_pool = [&text](const std::string& name) {
    return test::metric(text, name + "{pool=\"main\"}");
  };
  CHECK(of_pool("caf_pool_acquires_total") == std::to_string(x.granted));
  CHECK(of_pool("caf_pool_releases_total") == std::to_string(x.released));
  CHECK(of_pool("caf_pool_acquire_timeouts_total")
        == std::to_string(x.timeouts));
  CHECK(of_pool("caf_pool_connections_opened_total")
        == std::to_string(x.opened));
  CHECK(of_pool("caf_pool_connection_errors_total")
        == std::to_string(x.refused));
  CHECK(test::metric(text,
                     "caf_pool_acquire_rejections_total{pool=\"main\","
                     "reason=\"queue_full\"}")
        == std::to_string(x.full));
  // Grants are released or still out.
  CHECK(x.granted == x.released + x.leased());
}

TEST_CASE("exported counters never go down", "[trap-T68]") {
  workload x;
  std::mt19937 dice{7};
  std::map<std::string, double> before;
  for (auto i = 0; i < 200; ++i) {
    for (auto n = 0; n < 20; ++n)
      dice() % 2 == 0 ? x.acquire() : x.release();
    x.pass(100ms);
    auto text = metrics_text(test::overview_of({x.snapshot()}), {});
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
      auto space = line.rfind(' ');
      auto name = line.substr(0, space);
      auto counts = name.find("_total") != name.npos
                    || name.find("_bucket") != name.npos
                    || name.find("_count") != name.npos;
      if (line.starts_with('#') || !counts)
        continue;
      auto value = std::stod(line.substr(space));
      CHECK(value >= before[name]);
      before[name] = value;
    }
  }
  CHECK(before["caf_pool_acquires_total{pool=\"main\"}"] > 0);
}

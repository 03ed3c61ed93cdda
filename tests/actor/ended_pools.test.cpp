// What becomes of pools that end although the configuration names them.

#include "actor/manager_bench.hpp"
#include "support/deadly_backend.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

/// Allows no connections any more when it was asked once.
class fickle : public scripted_backend {
public:
  std::uint32_t max_connections() const noexcept override {
    return asked_.exchange(true) ? 0 : 100;
  }

private:
  mutable std::atomic<bool> asked_{false};
};

/// Another pool bears the name soon, and serves as it is configured.
void check_is_made_anew(manager_bench& bench, const pool_handle& old,
                        const pool_config& config) {
  REQUIRE(eventually([&] {
    auto now = bench.me.get<pool_handle>(bench.all, find_pool{config.name});
    return now && *now != old;
  }));
  CHECK(bench.run(config.name).has_value());
  CHECK(bench.snapshot(config.name).max_size == config.max_size);
}

} // namespace

TEST_CASE("a pool that was drained is shown and refused with the reason",
          "[A06]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x"), named("b", "y")}));
  REQUIRE(bench.run("a").has_value());
  REQUIRE(eventually([&] {
    // What it counted is not lost.
    auto all = bench.me.get<all_snapshots>(bench.all, get_all_snapshots{});
    return all && all->pools[0].counters.executed == 1;
  }));
  bench.drain("a");
  CHECK(bench.find_error("a").message
        == "pool \"a\" is closed: it was drained; \"resume\" or a reload brings "
           "it back");
  CHECK(bench.names() == std::vector<std::string>{"a", "b"});
  for (auto& x : {bench.snapshot("a"),
                  bench.me.get<all_snapshots>(bench.all, get_all_snapshots{})
                    ->pools[0]}) {
    CHECK(x.name == "a");
    CHECK(x.status == pool_status::closed);
    CHECK(x.required);
    CHECK(x.reasons.size() == 1);
    CHECK(x.counters.executed == 1);
    CHECK(x.gauges == pool_gauges{});
    CHECK(x.connections.empty());
  }
  CHECK(bench.run("b").has_value());
}

TEST_CASE("a pool that was drained comes back", "[S09]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x")}));
  bench.drain("a");
  SECTION("when it is resumed") {
    auto back = bench.me.get<pool_handle>(bench.all, revive_pool{"a"});
    REQUIRE(back.has_value());
    CHECK(bench.find("a") == *back);
    // A second time finds it.
    auto again = bench.me.get<pool_handle>(bench.all, revive_pool{"a"});
    REQUIRE(again.has_value());
    CHECK(*again == *back);
  }
  SECTION("with a reload of the same settings") {
    REQUIRE(bench.apply({named("a", "x")}));
  }
  SECTION("with a reload of others") {
    auto larger = named("a", "x");
    larger.max_size = 7;
    REQUIRE(bench.apply({larger}));
    CHECK(bench.snapshot("a").max_size == 7);
  }
  SECTION("when somebody makes it anew") {
    REQUIRE(bench.me.get<pool_handle>(bench.all,
                                      create_pool{named("a", "x"), nullptr}));
  }
  CHECK(bench.run("a").has_value());
  CHECK(bench.snapshot("a").status == pool_status::up);
}

TEST_CASE("a pool that drains at a reload comes back when it is closed",
          "[trap-T67]") {
  manager_bench bench;
  auto config = named("a", "x");
  REQUIRE(bench.apply({config}));
  auto old = bench.find("a");
  auto held = bench.me.get<lease_ptr>(old, acquire_lease{}).value();
  auto drained = bench.me.start(old, control{control::verb::drain, far_away});
  REQUIRE(eventually(
    [&] { return bench.snapshot("a").status == pool_status::draining; }));
  CHECK(code_of(bench.me.get<accepted>(old, control{control::verb::resume}))
        == errc::draining);
  if (GENERATE(true, false))
    config.max_size = 7;
  REQUIRE(bench.apply({config}));
  CHECK(held->execute("SELECT 1").has_value());
  held = nullptr;
  CHECK(answer_of<accepted>(std::move(drained)).has_value());
  check_is_made_anew(bench, old, config);
}

TEST_CASE("a pool that still closes at a reload comes back") {
  manager_bench bench;
  auto config = named("a", "x");
  REQUIRE(bench.apply({config}));
  REQUIRE(bench.run("a").has_value());
  auto old = bench.find("a");
  auto server = bench.servers.server("x");
  server->hold(backend_call::close);
  auto drained = bench.me.start(old, control{control::verb::drain, 0s});
  REQUIRE(server->wait_for_held(backend_call::close));
  REQUIRE(eventually(
    [&] { return bench.snapshot("a").status == pool_status::closed; }));
  REQUIRE(bench.find("a") == old);
  if (GENERATE(true, false))
    config.max_size = 7;
  REQUIRE(bench.apply({config}));
  // The pool hears of the reload before this.
  CHECK(bench.snapshot("a").status == pool_status::closed);
  server->stop_holding(backend_call::close);
  CHECK(answer_of<accepted>(std::move(drained)).has_value());
  check_is_made_anew(bench, old, config);
}

TEST_CASE("a pool that ends while it hears of a reload comes back") {
  manager_bench bench;
  auto config = named("a", "x");
  config.min_size = 0;
  REQUIRE(bench.apply({config}));
  // When a drain is answered, the manager may or may not know of the end.
  for (auto round = 0; round < 200; ++round) {
    auto drain = control{control::verb::drain, 0s};
    REQUIRE(bench.me.get<accepted>(bench.find("a"), drain));
    config.max_size = round % 4 < 2 ? 2 : 3; // every second one is a change
    REQUIRE(bench.apply({config}));
    REQUIRE(eventually([&] {
      auto now = bench.me.get<pool_handle>(bench.all, find_pool{"a"});
      return now && bench.me.get<outcome>(*now, execute{{"SELECT 1"}});
    }));
  }
}

TEST_CASE("a pool that its supervisor gave up is down until it is resumed",
          "[trap-T63]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x")}));
  auto deadly
    = reconfigure{named("a", "x"), std::make_shared<deadly_backend>()};
  auto pool = bench.find("a");
  REQUIRE(eventually([&] {
    CHECK(code_of(bench.me.get<accepted>(pool, deadly)) != errc::none);
    return bench.find_error("a").code == errc::closed;
  }));
  auto shown = bench.snapshot("a");
  CHECK(shown.status == pool_status::down);
  REQUIRE(shown.reasons.size() == 1);
  CHECK_THAT(shown.reasons[0], ContainsSubstring("given up: its actor ended"));
  CHECK_THAT(shown.reasons[0], ContainsSubstring("resume"));
  if (GENERATE(true, false))
    REQUIRE(bench.me.get<pool_handle>(bench.all, revive_pool{"a"}));
  else
    REQUIRE(bench.apply({named("a", "x")}));
  CHECK(bench.run("a").has_value());
}

TEST_CASE("a pool that cannot be made is shown, and the others are made") {
  manager_bench bench;
  bench.servers.put("fickle", std::make_shared<fickle>());
  REQUIRE(bench.apply({named("a", "fickle"), named("b", "y")}));
  auto shown = bench.snapshot("a");
  CHECK(shown.status == pool_status::down);
  REQUIRE(shown.reasons.size() == 1);
  CHECK_THAT(shown.reasons[0], StartsWith("it could not be made: max_size"));
  CHECK(bench.find_error("a").code == errc::closed);
  CHECK(bench.run("b").has_value());
  bench.servers.put("fickle", std::make_shared<scripted_backend>());
  REQUIRE(bench.apply({named("a", "fickle"), named("b", "y")}));
  CHECK(bench.run("a").has_value());
}

TEST_CASE("a pool that a reload took out is not remembered") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x"), named("b", "y")}));
  bench.drain("a");
  REQUIRE(bench.apply({named("b", "y")}));
  CHECK(bench.names() == std::vector<std::string>{"b"});
  CHECK(bench.find_error("a").code == errc::pool_not_found);
}

TEST_CASE("after its drain a node's pools are closed", "[S01]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x")}));
  REQUIRE(bench.me.get<accepted>(bench.all, drain_all{0s}));
  REQUIRE(
    eventually([&] { return bench.find_error("a").code == errc::closed; }));
  CHECK_THAT(bench.find_error("a").message,
             ContainsSubstring("the node drains"));
  CHECK(code_of(bench.me.get<pool_handle>(bench.all, revive_pool{"a"}))
        == errc::draining);
  CHECK(bench.snapshot("a").status == pool_status::closed);
}

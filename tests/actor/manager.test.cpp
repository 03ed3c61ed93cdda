#include "actor/manager_bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("a manager makes pools and finds them by name") {
  manager_bench bench;
  auto made = bench.me.get<pool_handle>(bench.all,
                                        create_pool{named("a", "x"), nullptr});
  REQUIRE(made.has_value());
  CHECK(bench.find("a") == *made);
  CHECK(bench.run("a").has_value());
  auto own = std::make_shared<scripted_backend>();
  REQUIRE(
    bench.me.get<pool_handle>(bench.all, create_pool{named("b", "y"), own}));
  CHECK(bench.run("b").has_value());
  CHECK(own->count(backend_call::execute) == 1);
  CHECK(bench.names() == std::vector<std::string>{"a", "b"});
  auto again = bench.me.get<pool_handle>(bench.all,
                                         create_pool{named("a", "x"), nullptr});
  REQUIRE(!again.has_value());
  CHECK(again.error().code == errc::config_invalid);
  auto none = bench.me.get<pool_handle>(bench.all, find_pool{"c"});
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::pool_not_found);
  CHECK_THAT(none.error().message, ContainsSubstring("a, b"));
  // A pool that does not answer within a second is shown as down.
  CHECK(eventually([&] {
    auto all = bench.me.get<all_snapshots>(bench.all, get_all_snapshots{});
    REQUIRE(all.has_value());
    REQUIRE(all->pools.size() == 2);
    CHECK(all->pools[0].name == "a");
    return all->pools[1].counters.executed == 1;
  }));
}

TEST_CASE("a reload is applied as a whole or not at all", "[F02][trap-T67]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x"), named("b", "y")}));
  auto larger = named("a", "x");
  larger.max_size = 7;
  SECTION("if a setting is wrong") {
    auto wrong = named("b", "y");
    wrong.max_size = 0;
    auto refused = bench.apply({larger, wrong, named("c", "z")});
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == errc::config_invalid);
    CHECK_THAT(refused.error().message, ContainsSubstring("pools.b.max_size"));
  }
  SECTION("if there is no such backend") {
    auto wrong = named("b", "y");
    wrong.backend = "scribbled";
    auto refused = bench.apply({larger, wrong, named("c", "z")});
    REQUIRE(!refused.has_value());
    CHECK_THAT(refused.error().message, ContainsSubstring("scribbled"));
  }
  SECTION("if a server allows fewer connections than a new pool wants") {
    bench.servers.server("z")->max_connections(1);
    auto refused = bench.apply({larger, named("b", "y"), named("c", "z")});
    REQUIRE(!refused.has_value());
    CHECK_THAT(refused.error().message, ContainsSubstring("pools.c.max_size"));
  }
  SECTION("if a server allows fewer than a pool has to have from now on") {
    bench.servers.server("y")->max_connections(1);
    auto refused = bench.apply({larger, named("b", "y")});
    REQUIRE(!refused.has_value());
    CHECK_THAT(refused.error().message, ContainsSubstring("pools.b.max_size"));
  }
  CHECK(bench.names() == std::vector<std::string>{"a", "b"});
  CHECK(bench.snapshot("a").max_size == 2);
}

TEST_CASE("a reload replaces connections only if their server changed",
          "[F03][trap-T67]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x"), named("b", "y")}));
  REQUIRE(bench.run("a").has_value());
  REQUIRE(bench.run("b").has_value());
  auto larger = named("a", "x");
  larger.max_size = 7;
  REQUIRE(bench.apply({larger, named("b", "elsewhere")}));
  REQUIRE(bench.run("a").has_value());
  CHECK(bench.snapshot("a").max_size == 7);
  CHECK(bench.servers.server("x")->count(backend_call::open) == 1);
  REQUIRE(eventually([&] {
    REQUIRE(bench.run("b").has_value());
    return bench.servers.server("elsewhere")->connections() == 1;
  }));
  CHECK(
    eventually([&] { return bench.servers.server("y")->connections() == 0; }));
  CHECK(bench.snapshot("b").counters.lost == 0);
}

TEST_CASE("another kind of server makes another pool of the name", "[F03]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x")}));
  auto old = bench.find("a");
  auto held = bench.me.get<lease_ptr>(old, acquire_lease{}).value();
  auto other = named("a", "y");
  other.backend = "other";
  REQUIRE(bench.apply({other}));
  CHECK(bench.find("a") != old);
  CHECK(bench.run("a").has_value());
  CHECK(bench.servers.server("y")->count(backend_call::execute) == 1);
  CHECK(bench.snapshot("a").backend == "other");
  // Who holds a lease of the old one may finish with it.
  CHECK(held->execute("SELECT 1").has_value());
  held = nullptr;
  CHECK(
    eventually([&] { return bench.servers.server("x")->connections() == 0; }));
}

TEST_CASE("a reload replaces connections if their backend copied what changed",
          "[F03][trap-T67]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x")}));
  REQUIRE(bench.run("a").has_value());
  auto next = std::make_shared<scripted_backend>();
  bench.servers.put("x", next);
  auto changed = named("a", "x");
  changed.max_result_bytes = 4096;
  REQUIRE(bench.apply({changed}));
  REQUIRE(eventually([&] {
    REQUIRE(bench.run("a").has_value());
    return next->count(backend_call::execute) > 0;
  }));
  CHECK(
    eventually([&] { return bench.servers.server("x")->connections() == 0; }));
}

TEST_CASE("a new password waits for no delay of the old one", "[F05]") {
  manager_bench bench;
  auto config = named("a", "x");
  config.retry.cap = far_away;
  REQUIRE(bench.apply({config}));
  // Refused for good: it tries again after the longest delay.
  bench.servers.server("x")->answer(
    backend_call::open, failing(errc::open_refused, "wrong password"));
  CHECK(code_of(bench.run("a")) == errc::open_refused);
  config.password = secret{"another"};
  bench.servers.put("x", std::make_shared<scripted_backend>());
  REQUIRE(bench.apply({config}));
  CHECK(bench.run("a").has_value());
}

TEST_CASE("a pool's own settings are checked against its server, too",
          "[F04]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x")}));
  bench.servers.server("x")->max_connections(2);
  auto larger = named("a", "x");
  larger.max_size = 3;
  auto refused = bench.me.get<accepted>(bench.find("a"), reconfigure{larger});
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == errc::config_invalid);
  CHECK(bench.snapshot("a").max_size == 2);
}

TEST_CASE("a limit for statements holds for open connections, too", "[F04]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x")}));
  auto held = bench.me.get<lease_ptr>(bench.find("a"), acquire_lease{}).value();
  auto shorter = named("a", "x");
  shorter.execute_timeout = 50ms;
  REQUIRE(bench.me.get<accepted>(bench.find("a"), reconfigure{shorter}));
  bench.servers.server("x")->hold(backend_call::execute);
  auto rows = held->execute("SELECT 1");
  REQUIRE(!rows.has_value());
  CHECK(rows.error().code == errc::execute_timeout);
  bench.servers.server("x")->stop_holding(backend_call::execute);
}

TEST_CASE("a pool that is taken out drains, and may come back meanwhile",
          "[trap-T67][L07]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x"), named("b", "y")}));
  auto old = bench.find("b");
  auto held = bench.me.get<lease_ptr>(old, acquire_lease{}).value();
  REQUIRE(bench.apply({named("a", "x")}));
  CHECK(bench.names() == std::vector<std::string>{"a"});
  CHECK(held->execute("SELECT 1").has_value());
  REQUIRE(bench.apply({named("a", "x"), named("b", "y")}));
  CHECK(bench.find("b") != old);
  CHECK(bench.run("b").has_value());
  held = nullptr;
  CHECK(
    eventually([&] { return bench.servers.server("y")->connections() == 1; }));
  CHECK(bench.run("b").has_value());
}

TEST_CASE("all pools drain within one limit", "[S01][S06][S07]") {
  manager_bench bench;
  REQUIRE(bench.apply({named("a", "x"), named("b", "y"), named("c", "z")}));
  auto leaving = bench.me.get<lease_ptr>(bench.find("c"), acquire_lease{});
  REQUIRE(leaving.has_value());
  REQUIRE(bench.apply({named("a", "x"), named("b", "y")}));
  auto held = bench.me.get<lease_ptr>(bench.find("a"), acquire_lease{});
  REQUIRE(held.has_value());
  REQUIRE(bench.run("b").has_value());
  REQUIRE(bench.me.get<accepted>(bench.all, drain_all{100ms}));
  CHECK(held.value()->lost());
  CHECK(leaving.value()->lost());
  CHECK(bench.servers.server("y")->connections() == 0);
  auto late = bench.me.get<pool_handle>(bench.all,
                                        create_pool{named("d", "x"), nullptr});
  REQUIRE(!late.has_value());
  CHECK(late.error().code == errc::draining);
  CHECK(code_of(bench.apply({named("d", "x")})) == errc::draining);
}

TEST_CASE("a new pool's first event reaches the manager's subscribers",
          "[A05]") {
  manager_bench bench;
  listener ears{bench.world.sys, [&](caf::event_based_actor* self) {
                  send_to(self, bench.all, subscribe_all{});
                }};
  // Refused for good, it tries again after half a minute only.
  bench.servers.server("x")->answer(
    backend_call::open, failing(errc::open_refused, "no such file"));
  auto pools = std::vector<pool_config>{};
  for (auto i = 0; i < 200; ++i) {
    pools.push_back(named("p" + std::to_string(i), "x"));
    pools.back().warm_up = warm_up_policy::to_min;
    pools.back().min_size = 1;
  }
  REQUIRE(bench.apply(pools));
  CHECK(ears.wait_for(event_kind::open_failed, pools.size()));
}

TEST_CASE("subscribers to all pools hear of those that come later", "[A05]") {
  manager_bench bench;
  auto subscribe = [&](caf::event_based_actor* self) {
    send_to(self, bench.all, subscribe_all{});
  };
  listener ears{bench.world.sys, subscribe};
  listener dying{bench.world.sys, subscribe};
  REQUIRE(bench.apply({named("a", "x")}));
  REQUIRE(bench.run("a").has_value());
  REQUIRE(ears.wait_for(event_kind::connection_opened));
  CHECK(ears.events(event_kind::connection_opened)[0].pool == "a");
  auto address = dying.actor().address();
  dying.die();
  // Nobody keeps it, or its address could be made an actor again.
  CHECK(eventually([&] { return !caf::actor_cast<caf::actor>(address); }));
  REQUIRE(bench.apply({named("a", "x"), named("b", "y")}));
  REQUIRE(bench.run("b").has_value());
  CHECK(ears.wait_for(event_kind::connection_opened, 2));
}

#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("a snapshot never waits for a server that hangs", "[A06][trap-T58]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(2), server};
  server->hold(backend_call::execute);
  client one{world.sys};
  auto running = one.start(db.actors().address, execute{{"SELECT 1"}});
  REQUIRE(server->wait_for_held(backend_call::execute));
  server->hold(backend_call::open);
  db.acquire_async([](result<lease>) {});
  REQUIRE(server->wait_for_held(backend_call::open));
  // More threads than the scheduler has could not all be stuck elsewhere.
  for (int i = 0; i < 100; ++i) {
    auto now = db.snapshot(patience); // the server has much longer
    REQUIRE(now.has_value());
    CHECK(now->status == pool_status::up);
    CHECK(now->gauges.opening == 1);
    CHECK(now->gauges.leased == 1);
    CHECK(now->gauges.waiting == 1);
  }
  server->stop_holding(backend_call::open);
  server->stop_holding(backend_call::execute);
  CHECK(answer_of<outcome>(std::move(running)).has_value());
  CHECK(at_rest(db));
}

TEST_CASE("a pool without a server tells status, reasons and the last error",
          "[A06][T04][trap-T70]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  server->answer(backend_call::open,
                 failing(errc::open_failed, "connection refused"));
  auto config = quiet_pool(2);
  config.retry = {1ms, 1.0, 5ms, 1ms, true, 3};
  config.breaker.enabled = false;
  any_pool db{world.sys, config, server};
  // On a busy machine the pool's own word may come too late to be heard.
  CHECK(eventually([&] {
    auto none = db.acquire(100ms);
    REQUIRE(!none.has_value());
    CHECK(none.error().code == errc::acquire_timeout);
    return none.error().message.find("connection refused") != std::string::npos;
  }));
  // Nobody needs to wait for it to try on.
  db.acquire_async([](result<lease>) {});
  REQUIRE(shows(db, [](auto& x) { return x.status == pool_status::down; }));
  auto now = look(db);
  CHECK(now.status == pool_status::down);
  CHECK(now.last_error.code == errc::open_failed);
  CHECK(now.consecutive_open_failures >= 3);
  REQUIRE(now.reasons.size() == 1);
  CHECK_THAT(now.reasons[0], ContainsSubstring("in a row: "));
  CHECK_THAT(now.reasons[0], ContainsSubstring("connection refused"));
  server->answer(backend_call::open, scripted_answer{});
  auto some = db.acquire();
  REQUIRE(some.has_value());
  some->release();
  CHECK(shows(db, [](auto& x) {
    return x.status == pool_status::up && x.reasons.empty()
           && x.last_error.code == errc::none
           && x.consecutive_open_failures == 0;
  }));
}

TEST_CASE("an exhausted pool counts as degraded, and says who holds what",
          "[A06]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(1), server};
  auto held = db.acquire();
  REQUIRE(held.has_value());
  db.acquire_async([](result<lease>) {});
  REQUIRE(waiting(db, 1));
  auto now = look(db);
  CHECK(now.status == pool_status::degraded);
  REQUIRE(now.reasons.size() == 1);
  CHECK_THAT(now.reasons[0], ContainsSubstring("exhausted: 1 of 1 leased"));
  REQUIRE(now.leases.size() == 1);
  CHECK_THAT(now.leases[0].holder, ContainsSubstring("health.test.cpp:"));
  held->release();
  CHECK(shows(db, [](auto& x) { return x.status == pool_status::up; }));
}

TEST_CASE("idle connections are probed, and dead ones are replaced unseen",
          "[L05][V04][trap-T27]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  auto config = quiet_pool(1);
  config.health_check_interval = 500ms;
  config.health_check_timeout = 500ms;
  any_pool db{world.sys, config, server};
  REQUIRE(db.execute("SELECT 1").has_value());
  REQUIRE(eventually([&] {
    // On a busy machine a probe may miss its deadline, and takes the
    // connection with it.
    if (look(db).gauges.total() == 0)
      REQUIRE(db.execute("SELECT 1").has_value());
    return server->count(backend_call::probe) >= 2;
  }));
  server->answer(backend_call::probe,
                 failing(errc::connection_lost, "server restarted"));
  REQUIRE(shows(db, [](auto& x) { return x.counters.probe_failures >= 1; }));
  CHECK(db.execute("SELECT 2").has_value());
  auto now = look(db);
  CHECK(now.counters.lost >= 1);
  CHECK(now.counters.opened >= 2);
  CHECK(now.counters.execute_errors == 0);
  CHECK(server->verdict() == "");
}

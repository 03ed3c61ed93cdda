#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

/// How long a call takes that waits for nothing: far below the other limits of
/// these tests, far above what it needs.
constexpr duration at_once = patience;

template <class F>
duration time_of(F&& f) {
  auto start = clock::now();
  f();
  return clock::now() - start;
}

} // namespace

TEST_CASE("draining lets leases end and closes everything",
          "[S01][S02][trap-T74]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(2), server};
  auto held = db.acquire();
  REQUIRE(held.has_value());
  std::thread drainer{[&] { CHECK(db.drain(60s).has_value()); }};
  REQUIRE(shows(db, [](auto& x) { return x.status == pool_status::draining; }));
  auto none = db.acquire();
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::draining);
  CHECK(held->execute("SELECT 1").has_value());
  CHECK(!held->lost());
  held->release();
  drainer.join();
  CHECK(server->connections() == 0);
  CHECK(server->count(backend_call::close) == 1);
  none = db.acquire();
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::closed);
  CHECK(db.drain(60s).has_value());
  CHECK(server->verdict() == "");
}

TEST_CASE("whoever waits is told at once that the pool drains", "[S02]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(1), server};
  auto held = db.acquire();
  REQUIRE(held.has_value());
  std::thread waiter{[&] {
    auto none = db.acquire(60s);
    REQUIRE(!none.has_value());
    CHECK(none.error().code == errc::draining);
  }};
  REQUIRE(waiting(db, 1));
  std::thread drainer{[&] { CHECK(db.drain(60s).has_value()); }};
  waiter.join(); // the lease is still out
  held->release();
  drainer.join();
}

TEST_CASE("a drain fences off who still holds at its limit", "[S01][S06]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(2), server};
  auto held = db.acquire();
  REQUIRE(held.has_value());
  CHECK(db.drain(50ms).has_value());
  CHECK(held->lost());
  auto rows = held->execute("SELECT 1");
  REQUIRE(!rows.has_value());
  CHECK(rows.error().code == errc::lease_lost);
  held->release();
  CHECK(eventually([&] { return db.drain(0s).has_value(); }));
  CHECK(server->verdict() == "");
}

TEST_CASE("a drain fences off whom nobody has seen holding", "[S01][S06]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  auto config = quiet_pool(1);
  config.validate_on_acquire = false; // or the front is looked at often
  config.sweep_interval = far_away;
  any_pool db{world.sys, config, server};
  REQUIRE(db.execute("SELECT 1").has_value());
  REQUIRE(at_rest(db));
  auto held = db.acquire(); // from the front
  REQUIRE(held.has_value());
  CHECK(time_of([&] { CHECK(db.drain(50ms).has_value()); }) < at_once);
  CHECK(held->lost());
  held->release();
  CHECK(server->verdict() == "");
}

TEST_CASE("a drain ends though the server does not let go", "[S06][trap-T33]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  auto config = quiet_pool(1);
  config.close_timeout = 100ms;
  auto what = GENERATE(backend_call::open, backend_call::close);
  CAPTURE(to_string(what));
  {
    any_pool db{world.sys, config, server};
    if (what == backend_call::close)
      REQUIRE(db.execute("SELECT 1").has_value());
    server->answer(what, held_back(true));
    if (what == backend_call::open) {
      db.acquire_async([](result<lease>) {});
      REQUIRE(server->wait_for_held(what));
    }
    CHECK(time_of([&] { CHECK(drained(db, 50ms)); }) < at_once);
  }
  server->let_pass(what, 1);
  CHECK(eventually([&] { return server->connections() == 0; }));
  CHECK(server->verdict() == "");
}

TEST_CASE("a drain goes on when the pool's actor dies in the middle of it",
          "[S06][trap-T63]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(1), server};
  auto held = db.acquire();
  REQUIRE(held.has_value());
  auto victim = db.actors().estate->shell();
  std::thread drainer{[&] {
    // The limit is the test: with it lost, nothing would ever end the lease.
    CHECK(db.drain(500ms).has_value());
    CHECK(held->lost());
  }};
  REQUIRE(shows(db, [](auto& x) { return x.status == pool_status::draining; }));
  caf::anon_send_exit(victim, caf::exit_reason::kill);
  drainer.join();
  held->release();
  CHECK(server->verdict() == "");
}

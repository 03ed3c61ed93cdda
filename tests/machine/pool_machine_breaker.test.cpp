#include "machine/touchy_pool.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

lease_end broken() {
  lease_end result;
  result.left = trace::broken;
  result.why = pool_bench::failure();
  return result;
}

} // namespace

TEST_CASE("failures open the breaker and waiters hear of it at once",
          "[B01][B02]") {
  pool_bench pool{touchy()};
  pool.acquire(1, 60s);
  pool.acquire(2, 60s);
  pool.open_failed(1);
  CHECK(pool.pass(500ms) == lines{"open 2"});
  CHECK(pool.open_failed(2)
        == lines{"reject 1 breaker_open", "reject 2 breaker_open"});
  CHECK(pool.counters().breaker_openings == 1);
  CHECK(pool.counters().rejected_by_breaker == 2);
  CHECK(
    pool.events()
    == lines{"open_failed 1", "open_failed 2", "breaker_changed", "pool_down"});
  CHECK(pool.text_of(event_kind::breaker_changed)
        == "open for 10s: open_failed: the server said no (08006)");
}

TEST_CASE("while the breaker is open nobody bothers the server", "[B02][J07]") {
  pool_bench pool{touchy()};
  open_breaker(pool);
  auto ids = pool.uut.state().table.last_id();
  CHECK(pool.acquire(1) == lines{"reject 1 breaker_open"});
  CHECK_THAT(pool.why.message, ContainsSubstring("open for another 10s"));
  CHECK(pool.pass(9999ms) == lines{});
  CHECK(pool.uut.state().table.last_id() == ids);
}

TEST_CASE("openings that nobody has begun are called off when it opens",
          "[B02][trap-T35]") {
  auto config = touchy();
  config.min_size = 3;
  config.max_size = 6;
  config.open_concurrency = 3;
  config.breaker.consecutive_failures = 1;
  pool_bench pool{config};
  pool.fill(3);
  pool.reconnect();
  REQUIRE(pool.uut.state().table.count(connection_state::opening) == 3);
  CHECK(pool.acquire(1, 60s) == lines{});
  CHECK(pool.open_failed(4)
        == lines{"reject 1 breaker_open", "call off 5", "call off 6"});
  CHECK(pool.not_opened(5) == lines{});
  CHECK(pool.not_opened(5) == lines{}); // once is enough
  // The other had begun: its answer counts, but not for the breaker.
  CHECK(pool.opened(6) == lines{});
  CHECK(pool.counters().open_failures == 1);
  CHECK(pool.uut.state().table.alive() == 1);
  CHECK(pool.uut.state().breaker.state() == breaker_state::open);
  // The trial comes when it would have come.
  CHECK(pool.pass(10s) == lines{"probe 6"});
}

TEST_CASE("a trial that was called off leaves its place to the next",
          "[B07][trap-T45]") {
  pool_bench pool{touchy()};
  open_breaker(pool);
  REQUIRE(pool.pass(10s) == lines{"open 3"});
  CHECK(pool.not_opened(3) == lines{"open 4"});
  CHECK(pool.uut.state().breaker.state() == breaker_state::half_open);
}

TEST_CASE("the pool itself tries when the open time is over", "[B05][B03]") {
  pool_bench pool{touchy()};
  open_breaker(pool);
  CHECK(pool.pass(10s) == lines{"open 3"});
  CHECK(pool.events() == lines{"breaker_changed"});
  // Callers wait for the treatment; there is one trial only.
  CHECK(pool.acquire(1) == lines{});
  CHECK(pool.acquire(2) == lines{});
  SECTION("success closes and serves") {
    CHECK(pool.opened(3) == lines{"grant 1 1.3.1", "open 4"});
    CHECK(pool.events()
          == lines{"connection_opened 3", "breaker_changed", "pool_up"});
  }
  SECTION("failure opens for longer") {
    CHECK(pool.open_failed(3)
          == lines{"reject 1 breaker_open", "reject 2 breaker_open"});
    CHECK(pool.uut.state().breaker.open_for(pool.now) == 20s);
  }
}

TEST_CASE("a trial that never ends counts as failed", "[B08][trap-T45]") {
  auto config = touchy();
  config.breaker.half_open_timeout = 3s;
  pool_bench pool{config};
  open_breaker(pool);
  pool.pass(10s);
  pool.acquire(1);
  CHECK(pool.pass(3s) == lines{"reject 1 breaker_open", "call off 3"});
  // Its late success opens nothing but a connection.
  CHECK(pool.opened(3) == lines{});
  CHECK(pool.uut.state().breaker.state() == breaker_state::open);
  CHECK(pool.counters().late_results == 1);
}

TEST_CASE("an idle connection is tried first, with a probe") {
  pool_bench pool{touchy()};
  pool.fill(1);
  pool.acquire(1);
  open_breaker(pool);
  pool.release(1);
  CHECK(pool.gauges().idle == 1);
  CHECK(pool.pass(10s) == lines{"probe 1"});
  CHECK(pool.acquire(2) == lines{});
  CHECK(pool.probed(1) == lines{"grant 2 1.1.3"});
}

TEST_CASE(
  "stale connections neither prolong the breaker's time nor go on "
  "trial one by one",
  "[B07]") {
  pool_bench pool{touchy()};
  pool.fill(3);
  pool.wait(1ms);
  // The server restarts: two leases break, the third lies idle and is dead.
  pool.acquire(1);
  pool.acquire(2);
  pool.release(3, broken());
  pool.release(2, broken());
  REQUIRE(pool.uut.state().breaker.state() == breaker_state::open);
  pool.closed(2);
  pool.closed(3);
  CHECK(pool.pass(10s) == lines{"probe 1"});
  CHECK(pool.probed(1, false) == lines{"abort 1", "open 4"});
  CHECK(pool.uut.state().breaker.state() == breaker_state::half_open);
  pool.opened(4);
  CHECK(pool.uut.state().breaker.closed());
}

TEST_CASE("a trial that fails on a proven connection is a treatment") {
  pool_bench pool{touchy()};
  pool.fill(1);
  pool.acquire(1);
  open_breaker(pool);
  pool.wait(1ms);
  pool.release(1); // proven since the breaker opened
  CHECK(pool.pass(10s) == lines{"probe 1"});
  CHECK(pool.probed(1, false) == lines{"abort 1"});
  CHECK(pool.uut.state().breaker.state() == breaker_state::open);
}

TEST_CASE("a trial by the old way is no treatment, and another takes its place",
          "[C17][B05]") {
  pool_bench pool{touchy()};
  open_breaker(pool);
  pool.pass(10s);
  REQUIRE(pool.state_of(3) == connection_state::opening);
  CHECK(pool.reconnect() == lines{"call off 3", "open 4"});
  SECTION("if it goes well") {
    CHECK(pool.opened(3) == lines{"close 3"});
  }
  SECTION("if it fails") {
    CHECK(pool.open_failed(3) == lines{});
  }
  CHECK(pool.uut.state().breaker.state() == breaker_state::half_open);
  pool.opened(4);
  CHECK(pool.uut.state().breaker.closed());
}

TEST_CASE("queue timeouts and rejections are no failures",
          "[trap-T43][trap-T48]") {
  pool_bench pool{touchy()};
  pool.fill(3);
  for (std::uint64_t i = 1; i <= 3; ++i)
    pool.acquire(i);
  for (std::uint64_t i = 4; i <= 20; ++i)
    pool.acquire(i, 10ms);
  pool.pass(10ms);
  CHECK(pool.counters().acquire_timeouts == 17);
  CHECK(pool.uut.state().breaker.closed());
  CHECK(pool.uut.state().breaker.remember().failures_in_row == 0);
}

TEST_CASE("a holder's mistakes do not open the breaker", "[B15]") {
  pool_bench pool{touchy()};
  for (int i = 0; i < 5; ++i) {
    pool.fill(1);
    pool.acquire(1);
    pool.release(pool.uut.state().table.last_id(), trace::broken);
    pool.closed(pool.uut.state().table.last_id());
  }
  CHECK(pool.uut.state().breaker.closed());
}

TEST_CASE("what an operator forces stays", "[B09]") {
  pool_bench pool{touchy()};
  pool.fill(1);
  pool.force(breaker_state::forced_open);
  CHECK(pool.text_of(event_kind::breaker_changed) == "forced_open");
  CHECK(pool.acquire(1) == lines{"reject 1 breaker_open"});
  CHECK(pool.pass(300s) == lines{"close 1"}); // idle for too long
  CHECK(pool.acquire(2) == lines{"reject 2 breaker_open"});
  pool.force(breaker_state::closed);
  CHECK(pool.acquire(3) == lines{"open 2"});
}

TEST_CASE("reconnect tries at once, whatever the open time", "[trap-T38]") {
  pool_bench pool{touchy()};
  open_breaker(pool);
  CHECK(pool.reconnect() == lines{"open 3"});
  CHECK(pool.opened(3) == lines{});
  CHECK(pool.uut.state().breaker.closed());
}

TEST_CASE("reconnect shortens the backoff", "[trap-T38]") {
  auto config = touchy();
  config.breaker.consecutive_failures = 100;
  config.retry.start = 30s;
  config.retry.floor = 30s;
  pool_bench pool{config};
  pool.acquire(1, 60s);
  pool.open_failed(1);
  CHECK(pool.pass(1s) == lines{});
  CHECK(pool.reconnect() == lines{"open 2"});
}

TEST_CASE("an outdated connection is no witness of today's server") {
  auto config = touchy();
  config.max_size = 1;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2, 60s);
  pool.configure(config, true); // the server moved
  pool.force(breaker_state::open);
  pool.release(1);
  CHECK(pool.state_of(1) == connection_state::closing);
  pool.closed(1);
  CHECK(pool.pass(10s) == lines{"open 2"});
}

#include "machine/touchy_pool.hpp"

#include <algorithm>

using namespace caf_pool;
using namespace std::chrono_literals;

// -- connections lost while callers wait --------------------------------------

TEST_CASE("waiters do not pause for a server that was well a moment ago",
          "[J02][V04]") {
  auto config = pool_bench::plain();
  config.max_size = 10;
  config.open_concurrency = 10;
  config.breaker.consecutive_failures = 100;
  config.breaker.min_calls = 1000;
  config.retry.start = 2s;
  config.retry.floor = 2s;
  pool_bench pool{config};
  for (std::uint64_t i = 1; i <= 25; ++i)
    pool.acquire(i, 60s);
  for (std::uint64_t i = 1; i <= 10; ++i)
    pool.opened(i);
  REQUIRE(pool.gauges().leased == 10);
  REQUIRE(pool.gauges().waiting == 15);
  lease_end broken;
  broken.left = trace::broken;
  broken.why = pool_bench::failure();
  pool.wait(1ms);
  SECTION("though all break before they ever worked") {
    for (std::uint64_t i = 1; i <= 10; ++i) {
      pool.release(i, broken);
      pool.closed(i);
    }
    CHECK(pool.gauges().opening == 1);
    CHECK(pool.opened(11) == lines{"grant 11 1.11.1", "open 12"});
    CHECK(pool.opened(12) == lines{"grant 12 1.12.1", "open 13"});
  }
  SECTION("though the first attempt fails") {
    for (std::uint64_t i = 1; i <= 10; ++i) {
      pool.release(i, broken);
      pool.closed(i);
    }
    CHECK(pool.open_failed(11) == lines{"open 12"});
    // Then it looks like an outage.
    CHECK(pool.open_failed(12) == lines{});
    CHECK(pool.pass(1s) == lines{});
  }
}

TEST_CASE("connections that open and break at once are no reason to hurry",
          "[trap-T37]") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  config.breaker.enabled = false;
  pool_bench pool{config};
  lease_end broken;
  broken.left = trace::broken;
  broken.why = pool_bench::failure();
  for (std::uint64_t i = 1; i <= 100; ++i)
    pool.acquire(i, 60s);
  auto end = pool.now + 20s;
  while (pool.now < end) {
    auto id = pool.uut.state().table.last_id();
    if (pool.has(id) && pool.state_of(id) == connection_state::opening) {
      pool.opened(id);
      pool.wait(1ms);
      pool.release(id, broken);
      pool.closed(id);
    }
    pool.pass(1ms);
  }
  CHECK(pool.uut.state().table.last_id() < 20);
}

// -- degraded and down --------------------------------------------------------

TEST_CASE("a pool that serves though it cannot open is degraded, not down",
          "[A06]") {
  auto config = pool_bench::plain();
  config.max_size = 10;
  config.retry.attempts = 2;
  config.breaker.enabled = false;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2, 300s);
  pool.wait(2s);
  CHECK(pool.open_failed(2) == lines{});
  CHECK(pool.pass(500ms) == lines{"open 3"});
  CHECK(pool.open_failed(3) == lines{});
  CHECK(pool.events()
        == lines{"open_failed 2", "open_failed 3", "pool_degraded"});
  CHECK(pool.uut.snapshot(pool.now).status == pool_status::degraded);
  CHECK_THAT(pool.text_of(event_kind::pool_degraded),
             ContainsSubstring("the server said no"));
  CHECK(pool.pass(1s) == lines{"open 4"});
  SECTION("until the last connection is gone") {
    lease_end broken;
    broken.left = trace::broken;
    broken.why = pool_bench::failure();
    pool.release(1, broken);
    pool.closed(1);
    CHECK(pool.events() == lines{"connection_lost 1", "pool_down"});
    CHECK(pool.uut.snapshot(pool.now).status == pool_status::down);
    pool.opened(4);
    CHECK(pool.events() == lines{"connection_opened 4", "pool_up"});
  }
  SECTION("and up once when an opening goes well") {
    pool.opened(4);
    CHECK(pool.events() == lines{"connection_opened 4", "pool_up"});
    CHECK(pool.uut.snapshot(pool.now).status == pool_status::up);
  }
}

TEST_CASE("events and status tell the same of a breaker", "[B11][A06]") {
  pool_bench pool{touchy()};
  pool.acquire(1, 60s);
  pool.open_failed(1);
  pool.pass(500ms);
  pool.open_failed(2);
  CHECK(
    pool.events()
    == lines{"open_failed 1", "open_failed 2", "breaker_changed", "pool_down"});
  CHECK(pool.uut.snapshot(pool.now).status == pool_status::down);
  pool.pass(10s);
  CHECK(pool.uut.snapshot(pool.now).status == pool_status::down);
  pool.open_failed(3);
  CHECK(pool.events()
        == lines{"breaker_changed", "open_failed 3", "breaker_changed"});
  pool.pass(20s);
  pool.opened(4);
  CHECK(pool.events()
        == lines{"breaker_changed", "connection_opened 4", "breaker_changed",
                 "pool_up"});
  CHECK(pool.uut.snapshot(pool.now).status == pool_status::up);
}

// -- another way to the server ------------------------------------------------

TEST_CASE("a new way to the server owes nothing to the failures of the old one",
          "[F03][trap-T39]") {
  auto config = pool_bench::plain();
  config.min_size = 1;
  SECTION("a password that was refused") {
    pool_bench pool{config};
    pool.acquire(1, 60s);
    CHECK(pool.open_failed(1, errc::open_refused)
          == lines{"reject 1 open_refused"});
    CHECK(pool.acquire(2) == lines{"reject 2 open_refused"});
    CHECK(pool.configure(config, true) == lines{"open 2"});
    CHECK(pool.acquire(3) == lines{});
    CHECK(pool.opened(2) == lines{"grant 3 1.2.1"});
  }
  SECTION("an open breaker") {
    config.breaker.consecutive_failures = 2;
    pool_bench pool{config};
    open_breaker(pool);
    auto id = pool.uut.state().table.last_id() + 1;
    CHECK(pool.configure(config, true) == lines{"open " + std::to_string(id)});
    pool.opened(id);
    CHECK(pool.uut.state().breaker.closed());
  }
  SECTION("but an operator's word") {
    pool_bench pool{config};
    pool.force(breaker_state::forced_open);
    CHECK(pool.configure(config, true) == lines{});
    CHECK(pool.uut.state().breaker.state() == breaker_state::forced_open);
  }
  SECTION("other settings alone change nothing") {
    config.breaker.consecutive_failures = 2;
    pool_bench pool{config};
    open_breaker(pool);
    CHECK(pool.configure(config) == lines{});
    CHECK(pool.uut.state().breaker.state() == breaker_state::open);
  }
}

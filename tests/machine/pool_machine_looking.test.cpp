#include "machine/touchy_pool.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

/// As `open_breaker`, while looks find nobody.
void open_breaker_looking(pool_bench& pool) {
  pool.acquire(901, 60s);
  auto id = pool.uut.state().table.last_id();
  pool.open_failed(id);
  while (pool.uut.state().table.last_id() == id)
    if (!pool.pass(1ms).empty() && pool.uut.state().table.last_id() == id)
      pool.looked(errc::open_failed);
  pool.open_failed(id + 1);
  REQUIRE(pool.uut.state().breaker.state() == breaker_state::open);
  pool.events();
}

/// Looks that find nobody, for so long.
std::size_t look_in_vain(pool_bench& pool, duration x) {
  std::size_t n = 0;
  auto end = pool.now + x;
  while (pool.now < end) {
    auto orders = pool.pass(1ms);
    if (orders.empty())
      continue;
    CHECK(orders == lines{"look"});
    ++n;
    CHECK(pool.looked(errc::open_failed) == lines{});
  }
  return n;
}

/// Looks that find the server, though nobody may log in, for so long.
void look_and_find(pool_bench& pool, duration x) {
  for (auto end = pool.now + x; pool.now < end;)
    if (auto orders = pool.pass(1ms); !orders.empty()) {
      CHECK(orders == lines{"look"});
      CHECK(pool.looked() == lines{});
    }
}

} // namespace

TEST_CASE("an open breaker looks for its server and follows what it sees",
          "[B02][B04][J07]") {
  pool_bench pool{touchy()};
  pool.sighted = true;
  open_breaker_looking(pool);
  CHECK(look_in_vain(pool, 3s) >= 60);
  CHECK(pool.acquire(1) == lines{"reject 1 breaker_open"});
  CHECK(pool.pass(50ms) == lines{"look"});
  CHECK(pool.looked() == lines{"open 3"});
  // It stays open until the login went well.
  CHECK(pool.acquire(2) == lines{"reject 2 breaker_open"});
  CHECK(pool.events() == lines{});
  SECTION("which closes it") {
    CHECK(pool.opened(3) == lines{});
    CHECK(pool.events()
          == lines{"connection_opened 3", "breaker_changed", "breaker_changed",
                   "pool_up"});
    CHECK(pool.acquire(3) == lines{"grant 3 1.3.1"});
  }
  SECTION("if it fails, the ordinary time of the breaker goes on") {
    auto until = pool.now + pool.uut.state().breaker.open_for(pool.now);
    CHECK(pool.open_failed(3) == lines{});
    CHECK(pool.uut.state().breaker.state() == breaker_state::open);
    CHECK(pool.uut.state().breaker.open_for(pool.now) == until - pool.now);
    CHECK(pool.events() == lines{"open_failed 3"});
    CHECK(pool.counters().breaker_openings == 1);
  }
  SECTION("if it hangs, it is the trial when the time is over") {
    pool.pass(8s);
    CHECK(pool.uut.state().breaker.state() == breaker_state::half_open);
    CHECK(pool.gauges().opening >= 1);
    CHECK(pool.opened(3) == lines{});
    CHECK(pool.uut.state().breaker.closed());
  }
  SECTION("if it hangs, looks go on, and a second one takes its place") {
    CHECK(pool.pass(999ms) == lines{});
    auto orders = lines{};
    while (orders.empty())
      orders = pool.pass(1ms);
    if (orders == lines{"look"})
      orders = pool.looked();
    CHECK(orders == lines{"open 4"});
    // Two at the same time are enough.
    look_and_find(pool, 3s);
    CHECK(pool.opened(4) == lines{});
    CHECK(pool.uut.state().breaker.closed());
  }
}

TEST_CASE("a trial that hangs stops no look, and a login overtakes it",
          "[B04][J03]") {
  pool_bench pool{touchy()};
  pool.sighted = true;
  pool.fill(1);
  pool.wait(1ms);
  pool.force(breaker_state::open);
  while (pool.uut.state().breaker.state() == breaker_state::open)
    if (!pool.pass(1ms).empty() && pool.gauges().probing == 0)
      pool.looked(errc::open_failed);
  REQUIRE(pool.state_of(1) == connection_state::probing);
  CHECK(look_in_vain(pool, 1s) >= 15);
  CHECK(pool.pass(50ms) == lines{"look"});
  CHECK(pool.looked() == lines{"open 2"});
  pool.opened(2);
  CHECK(pool.uut.state().breaker.closed());
  CHECK(pool.probed(1) == lines{});
  CHECK(pool.uut.state().breaker.closed());
}

TEST_CASE("nobody looks for a server that is not missed", "[B09]") {
  auto config = touchy();
  SECTION("because an operator forced the breaker open") {
    pool_bench pool{config};
    pool.sighted = true;
    open_breaker_looking(pool);
    pool.force(breaker_state::forced_open);
    CHECK(pool.pass(60s) == lines{});
  }
  SECTION("because it refuses for good") {
    pool_bench pool{config};
    pool.sighted = true;
    pool.acquire(1);
    pool.open_failed(1, errc::open_refused);
    CHECK(pool.pass(60s) == lines{});
  }
  SECTION("because it is slow only") {
    config.breaker.slow_call = 100ms;
    config.breaker.min_calls = 1;
    pool_bench pool{config};
    pool.sighted = true;
    pool.acquire(1);
    pool.opened(1, 200ms);
    REQUIRE(pool.uut.state().breaker.state() == breaker_state::open);
    CHECK(pool.pass(9s) == lines{});
  }
  SECTION("because nobody wants a connection") {
    config.breaker.consecutive_failures = 100;
    pool_bench pool{config};
    pool.sighted = true;
    pool.acquire(1, 10ms);
    pool.open_failed(1);
    pool.pass(10ms);
    CHECK(pool.pass(60s) == lines{});
  }
  SECTION("because the pool drains") {
    pool_bench pool{config};
    pool.sighted = true;
    open_breaker_looking(pool);
    pool.drain();
    CHECK(pool.pass(60s) == lines{});
  }
}

TEST_CASE("a look cuts the backoff short", "[J02]") {
  auto config = touchy();
  config.breaker.enabled = false;
  config.retry.start = 30s;
  config.retry.floor = 30s;
  pool_bench pool{config};
  pool.sighted = true;
  pool.acquire(1, 60s);
  pool.open_failed(1);
  CHECK(look_in_vain(pool, 1s) >= 20);
  CHECK(pool.pass(50ms) == lines{"look"});
  CHECK(pool.looked() == lines{"open 2"});
  CHECK(pool.opened(2) == lines{"grant 1 1.2.1"});
}

TEST_CASE("a successor goes on looking") {
  pool_bench pool{touchy()};
  pool.sighted = true;
  open_breaker_looking(pool);
  CHECK(pool.pass(50ms) == lines{"look"});
  CHECK(pool.restart() == lines{"shut front", "look"});
  CHECK(pool.looked(errc::open_failed) == lines{});
  CHECK(pool.pass(50ms) == lines{"look"});
}

TEST_CASE("a full pool makes room for a login", "[V07]") {
  auto config = touchy();
  config.max_size = 2;
  pool_bench pool{config};
  pool.sighted = true;
  pool.fill(2);
  pool.wait(1ms);
  pool.force(breaker_state::open);
  CHECK(look_in_vain(pool, 1s) >= 20);
  CHECK(pool.pass(50ms) == lines{"look"});
  CHECK(pool.looked() == lines{"abort 1"});
  CHECK(pool.closed(1) == lines{"open 3"});
}

TEST_CASE("connects stay limited while the pool wants more than it may open",
          "[J04][trap-T37]") {
  auto config = touchy();
  config.max_size = 10;
  pool_bench pool{config};
  pool.sighted = true;
  open_breaker_looking(pool);
  look_in_vain(pool, 1s);
  CHECK(pool.pass(50ms) == lines{"look"});
  CHECK(pool.looked() == lines{"open 3"});
  pool.opened(3);
  pool.acquire(1);
  pool.release(3);
  for (std::uint64_t i = 2; i <= 6; ++i)
    pool.acquire(i, 60s);
  REQUIRE(pool.gauges().opening >= 1); // hangs
  pool.pass(3s);
  pool.tick();
  CHECK(pool.uut.state().recovery.limits(pool.now));
  for (auto end = pool.now + 5s; pool.now < end; pool.pass(100ms))
    for (std::uint64_t id = 4; id <= pool.uut.state().table.last_id(); ++id)
      if (pool.state_of(id) == connection_state::opening)
        pool.opened(id);
  pool.release(3);
  pool.pass(10s);
  CHECK_FALSE(pool.uut.state().recovery.limits(pool.now));
}

TEST_CASE("openings that hang since before a look found nobody are given up",
          "[J07][J03]") {
  auto config = touchy();
  config.open_timeout = 30s;
  pool_bench pool{config};
  pool.sighted = true;
  pool.fill(1);
  pool.acquire(1, 60s);
  CHECK(pool.acquire(2, 60s) == lines{"open 2"});
  // Nobody looks for a server that may just take a moment.
  CHECK(pool.pass(999ms) == lines{});
  SECTION("when the next look finds somebody") {
    CHECK(look_in_vain(pool, 2s) >= 30);
    CHECK(pool.pass(50ms) == lines{"look"});
    CHECK(pool.looked() == lines{"call off 2", "open 3"});
    CHECK(pool.opened(3) == lines{"grant 2 1.3.1"});
    // It counts until it has ended: there is no room for another one.
    CHECK(pool.acquire(3, 60s) == lines{});
    CHECK(pool.open_failed(2, errc::cancelled) == lines{"open 4"});
    CHECK(pool.uut.state().breaker.closed());
  }
  SECTION("but not if the server was there all the time: it is slow") {
    CHECK(pool.pass(51ms) == lines{"look"});
    CHECK(pool.looked() == lines{});
    CHECK(pool.pass(1s) == lines{"open 3"});
    look_and_find(pool, 5s);
    CHECK(pool.opened(2) == lines{"grant 2 1.2.1"});
  }
}

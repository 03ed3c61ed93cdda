#include "machine/pool_bench.hpp"

#include <set>

using namespace caf_pool;
using namespace std::chrono_literals;

// -- lifetimes ----------------------------------------------------------------

TEST_CASE("an idle connection past its lifetime is retired by the sweep",
          "[L01][trap-T26]") {
  auto config = pool_bench::plain();
  config.max_lifetime = 90s;
  config.lifetime_jitter_percent = 0;
  config.max_idle_time = 0s;
  pool_bench pool{config};
  pool.fill(1);
  CHECK(pool.pass(119s) == lines{});
  CHECK(pool.pass(1s) == lines{"close 1"});
  CHECK(pool.text_of(event_kind::connection_retired) == "lifetime is over");
}

TEST_CASE("a leased connection past its lifetime is retired at its release",
          "[L01][L06][trap-T26]") {
  auto config = pool_bench::plain();
  config.max_lifetime = 90s;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  CHECK(pool.pass(500s) == lines{});
  CHECK(pool.release(1) == lines{"close 1"});
}

TEST_CASE("a connection past its lifetime is not granted", "[L03][trap-T26]") {
  auto config = pool_bench::plain();
  config.max_lifetime = 30s;
  pool_bench pool{config};
  pool.fill(1);
  pool.wait(30s);
  CHECK(pool.acquire(1) == lines{"open 2"});
  SECTION("also when it must make room") {
    pool.opened(2);
    pool.acquire(2);
    CHECK(pool.state_of(1) == connection_state::closing);
    CHECK(pool.closed(1) == lines{"open 3"});
  }
}

TEST_CASE("lifetimes of connections born together are spread",
          "[L02][trap-T24]") {
  auto config = pool_bench::plain();
  config.max_size = 50;
  pool_bench pool{config};
  pool.fill(50);
  std::set<duration> lifetimes;
  for (auto& [id, record] : pool.uut.state().table.records()) {
    CHECK(record.age.lifetime <= config.max_lifetime);
    CHECK(record.age.lifetime >= config.max_lifetime * 95 / 100);
    lifetimes.insert(record.age.lifetime);
  }
  CHECK(lifetimes.size() == 50);
}

TEST_CASE("a sweep retires a tenth of the pool at most", "[trap-T24]") {
  auto config = pool_bench::plain();
  config.max_size = 20;
  config.max_lifetime = 30s;
  pool_bench pool{config};
  pool.fill(20);
  CHECK(pool.pass(60s) == lines{"close 1", "close 2"});
  pool.closed(1);
  pool.closed(2);
  CHECK(pool.pass(60s) == lines{"close 3", "close 4"});
}

// -- idleness -----------------------------------------------------------------

TEST_CASE("idle connections are closed down to the minimum, oldest first",
          "[L04][Z04][trap-T32]") {
  auto config = pool_bench::plain();
  config.max_size = 5;
  config.min_size = 3;
  config.max_idle_time = 100s;
  pool_bench pool{config};
  pool.fill(5);
  pool.pass(99s);
  CHECK(pool.gauges().idle == 5);
  CHECK(pool.pass(30s) == lines{"close 1"});
  pool.closed(1);
  CHECK(pool.pass(60s) == lines{"close 2"});
  pool.closed(2);
  CHECK(pool.pass(600s) == lines{});
  CHECK(pool.gauges().idle == 3);
}

TEST_CASE("overflow lingers, then goes before the rest", "[Z08][trap-T31]") {
  auto config = pool_bench::plain();
  config.max_size = 4;
  config.max_overflow = 2;
  config.overflow_idle_time = 10s;
  config.sweep_interval = 5s;
  pool_bench pool{config};
  pool.fill(4);
  CHECK(pool.pass(9s) == lines{});
  CHECK(pool.pass(1s) == lines{"close 1"});
  CHECK(pool.pass(5s) == lines{"close 2"});
  CHECK(pool.pass(200s) == lines{});
  CHECK(pool.gauges().idle == 2);
}

TEST_CASE("a load just above the base opens nothing new", "[trap-T31]") {
  auto config = pool_bench::plain();
  config.max_size = 2;
  config.max_overflow = 1;
  config.sweep_interval = 5s;
  pool_bench pool{config};
  pool.fill(2);
  for (std::uint64_t i = 0; i < 100; ++i) {
    pool.acquire(2 * i + 1);
    pool.acquire(2 * i + 2);
    pool.pass(100ms);
    pool.release(1);
    pool.release(2);
    pool.pass(900ms);
  }
  CHECK(pool.counters().opened == 2);
}

TEST_CASE("connections that lie idle in the front are swept, too",
          "[trap-T32]") {
  auto config = pool_bench::with_front();
  config.max_idle_time = 100s;
  pool_bench pool{config};
  pool.fill(2);
  pool.pass(119s);
  CHECK(pool.pass(1s) == lines{"withdraw 1"});
  SECTION("and closed") {
    CHECK(pool.withdrawn(1) == lines{"close 1"});
    pool.closed(1);
    CHECK(pool.pass(60s) == lines{"withdraw 2"});
  }
  SECTION("but not if they were used meanwhile") {
    CHECK(pool.withdrawn(1, 1) == lines{"offer 1"});
  }
  SECTION("but not if somebody has them") {
    lease_end how;
    how.front_uses = 1;
    CHECK(pool.returned(1, how) == lines{"offer 1"});
  }
}

// -- health -------------------------------------------------------------------

TEST_CASE("an idle pool probes one connection per interval, in turn", "[L05]") {
  auto config = pool_bench::plain();
  config.health_check_interval = 10s;
  pool_bench pool{config};
  pool.fill(2);
  CHECK(pool.pass(9999ms) == lines{});
  CHECK(pool.pass(1ms) == lines{"probe 1"});
  pool.probed(1);
  CHECK(pool.pass(10s) == lines{"probe 2"});
  pool.probed(2);
  CHECK(pool.pass(10s) == lines{"probe 1"});
}

TEST_CASE("traffic is proof of health", "[trap-T44]") {
  auto config = pool_bench::plain();
  config.health_check_interval = 10s;
  pool_bench pool{config};
  pool.fill(2);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    pool.acquire(i);
    CHECK(pool.pass(5s) == lines{});
    pool.release(2);
  }
  CHECK(pool.counters().probes == 0);
}

TEST_CASE("no probe while callers wait", "[trap-T44]") {
  auto config = pool_bench::plain();
  config.health_check_interval = 10s;
  config.max_size = 1;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2, 60s);
  CHECK(pool.pass(50s) == lines{});
}

TEST_CASE("a dead idle connection is found and replaced", "[V10][trap-T30]") {
  auto config = pool_bench::plain();
  config.health_check_interval = 10s;
  config.min_size = 2;
  pool_bench pool{config};
  pool.fill(2);
  CHECK(pool.pass(10s) == lines{"probe 1"});
  CHECK(pool.probed(1, false) == lines{"abort 1"});
  CHECK(pool.closed(1) == lines{"open 3"});
  CHECK(pool.opened(3) == lines{});
  CHECK(pool.gauges().idle == 2);
}

// -- freezes ------------------------------------------------------------------

TEST_CASE("a freeze makes a pool probe every idle connection before use",
          "[L09][trap-T29]") {
  pool_bench pool;
  pool.fill(2);
  pool.wait(90s); // the sweep was due after 60 s
  SECTION("told by the timer") {
    pool.tick();
    CHECK(pool.events() == lines{"freeze_detected"});
    CHECK(pool.text_of(event_kind::freeze_detected)
          == "woke up 30s late; every idle connection is probed before use");
  }
  SECTION("told by a caller that is faster than the timer") {
    CHECK(pool.acquire(1) == lines{"probe 2"});
    CHECK(pool.events() == lines{"freeze_detected"});
    pool.tick();
    CHECK(pool.events().empty());
  }
  CHECK(pool.counters().freezes == 1);
}

TEST_CASE("a timer that is a little late means nothing", "[trap-T29]") {
  pool_bench pool;
  pool.fill(1);
  pool.wait(65s);
  pool.tick();
  CHECK(pool.counters().freezes == 0);
}

TEST_CASE("timers catch up once after a freeze", "[trap-T29]") {
  auto config = pool_bench::plain();
  config.health_check_interval = 10s;
  config.max_idle_time = 0s;
  config.max_lifetime = 0s;
  pool_bench pool{config};
  pool.fill(2);
  pool.wait(1h);
  CHECK(pool.tick() == lines{"probe 1"});
  CHECK(pool.tick() == lines{});
  CHECK(pool.counters().probes == 1);
}

TEST_CASE("workers were frozen, too, and have their time", "[trap-T29]") {
  pool_bench pool;
  pool.acquire(1, 2h);
  pool.wait(1h);
  CHECK(pool.tick() == lines{});
  CHECK(pool.state_of(1) == connection_state::opening);
  CHECK(pool.opened(1) == lines{"grant 1 1.1.1"});
}

TEST_CASE("waiters are told the truth after a freeze", "[trap-T29]") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2);
  pool.wait(30min);
  CHECK(pool.release(1) == lines{"reject 2 acquire_timeout"});
  CHECK(pool.acquire(3) == lines{"grant 3 1.1.3"}); // proven by the release
}

TEST_CASE("a quiet pool wakes up seldom") {
  pool_bench pool;
  pool.fill(2);
  int wakeups = 0;
  auto end = pool.now + 1h;
  while (pool.uut.next_wakeup() < end) {
    pool.now = pool.uut.next_wakeup();
    pool.tick();
    ++wakeups;
  }
  CHECK(wakeups <= 61);
}

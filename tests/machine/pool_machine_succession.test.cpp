#include "machine/pool_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

TEST_CASE("live leases survive a restart and end as usual", "[trap-T63]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  auto lease = pool.lease_of(2);
  CHECK(pool.restart() == lines{"shut front"});
  CHECK(pool.events() == lines{"pool_restarted"});
  CHECK(pool.gauges().leased == 1);
  CHECK(pool.acquire(2) == lines{"grant 2 2.1.2"});
  CHECK(pool.acquire(3) == lines{});
  CHECK(pool.release(lease) == lines{"grant 3 2.2.3"});
  CHECK(pool.counters().restarts == 1);
}

TEST_CASE("a lease from before a restart is not valid twice", "[trap-T7]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  auto lease = pool.lease_of(1);
  pool.restart();
  pool.release(lease);
  pool.acquire(2);
  CHECK(pool.release(lease) == lines{});
  CHECK(pool.gauges().leased == 1);
}

TEST_CASE("identities are never used again, whatever restarts") {
  pool_bench pool;
  pool.acquire(1);
  pool.open_failed(1);
  pool.restart();
  pool.wait(500ms);
  CHECK(pool.acquire(2) == lines{"open 2"});
}

TEST_CASE("breaker and backoff remember over a restart",
          "[trap-T37][trap-T63]") {
  auto config = pool_bench::plain();
  config.breaker.consecutive_failures = 2;
  config.breaker.open_time = 10s;
  pool_bench pool{config};
  pool.acquire(1, 60s);
  pool.open_failed(1);
  pool.pass(500ms);
  SECTION("the backoff") {
    pool.wait(1ms);
    pool.open_failed(2, errc::open_refused);
    pool.restart();
    CHECK(pool.uut.state().retry.failures() == 2);
    CHECK(pool.uut.snapshot(pool.now).last_error.code == errc::open_refused);
  }
  SECTION("the breaker") {
    pool.open_failed(2);
    pool.wait(4s);
    pool.restart();
    CHECK(pool.acquire(2) == lines{"reject 2 breaker_open"});
    CHECK(pool.uut.state().breaker.open_for(pool.now) == 6s);
    CHECK(pool.pass(6s) == lines{"open 3"});
  }
}

TEST_CASE("counters go on over a restart", "[A05]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1, 0ms);
  auto before = pool.counters();
  pool.restart();
  ++before.restarts;
  CHECK(pool.counters() == before);
}

TEST_CASE("work under way is finished by the successor") {
  auto config = pool_bench::plain();
  config.max_size = 5;
  pool_bench pool{config};
  pool.fill(3);
  pool.acquire(1);
  pool.release(3, trace::dirty);
  pool.acquire(2);
  pool.holder_lost(2, true);
  pool.acquire(3);
  pool.release(1, trace::broken);
  pool.acquire(4);
  pool.acquire(5);
  REQUIRE(pool.has(4));
  // A lost order to close would be noticed by nobody: it comes again.
  CHECK(pool.restart() == lines{"abort 1", "shut front"});
  CHECK(pool.opened(4) == lines{});
  CHECK(pool.reset_done(3) == lines{});
  CHECK(pool.settled(2) == lines{"reset 2"});
  CHECK(pool.closed(1) == lines{});
  CHECK(pool.gauges().idle == 2);
}

TEST_CASE("a successor gives up on workers like its predecessor") {
  pool_bench pool;
  pool.acquire(1);
  pool.wait(10s);
  pool.restart();
  pool.pass(20999ms);
  CHECK(pool.gauges().opening == 1);
  pool.pass(1ms);
  CHECK(pool.gauges().opening == 0);
}

TEST_CASE("the order of the idle ones survives") {
  auto config = pool_bench::plain();
  config.max_size = 3;
  pool_bench pool{config};
  pool.fill(3);
  pool.acquire(1);
  pool.acquire(2);
  pool.release(2);
  pool.release(3);
  pool.restart();
  CHECK(pool.acquire(3) == lines{"grant 3 2.3.3"});
  CHECK(pool.acquire(4) == lines{"grant 4 2.2.3"});
  CHECK(pool.acquire(5) == lines{"grant 5 2.1.2"});
}

TEST_CASE("a drain goes on over a restart") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  pool.drain();
  auto lease = pool.lease_of(1);
  pool.restart();
  CHECK(pool.acquire(2) == lines{"reject 2 draining"});
  CHECK(pool.release(lease) == lines{"close 1"});
  pool.closed(1);
  CHECK(pool.events().back() == "drained");
}

TEST_CASE("a successor believes the front, not its predecessor") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(2);
  CHECK(pool.restart() == lines{"shut front", "open front"});
  front_view one;
  one.connection = connection_id{1};
  one.taken = true;
  one.uses = one.generation = 1;
  one.since = pool.now;
  one.holder = "thread 5";
  pool.observe({one});
  CHECK(pool.gauges().leased == 1);
  // The order to withdraw the other one was obeyed, but not reported.
  CHECK(pool.withdrawn(2) == lines{"offer 2"});
}

TEST_CASE("a leak in the front is not told again by a successor") {
  auto config = pool_bench::with_front();
  config.leak_threshold = 10s;
  pool_bench pool{config};
  pool.fill(1);
  front_view one;
  one.connection = connection_id{1};
  one.taken = true;
  one.uses = one.generation = 1;
  one.since = pool.now;
  pool.observe({one});
  pool.pass(10s);
  CHECK(pool.events() == lines{"leak_suspected 1"});
  pool.restart();
  pool.observe({one});
  pool.pass(1s);
  CHECK(pool.events() == lines{"pool_restarted"});
  one.taken = false;
  pool.observe({one});
  CHECK(pool.events() == lines{"leak_cleared 1"});
}

TEST_CASE("an episode of exhaustion ends with the waiters of a predecessor") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2);
  CHECK(pool.events() == lines{"exhausted"});
  pool.restart();
  CHECK(pool.events() == lines{"pool_restarted", "recovered"});
}

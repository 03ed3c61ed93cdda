#include "machine/pool_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

// -- being served -------------------------------------------------------------

TEST_CASE("the first caller of an empty pool makes it open a connection") {
  pool_bench pool;
  CHECK(pool.acquire(1) == lines{"open 1"});
  CHECK(pool.opened(1) == lines{"grant 1 1.1.1"});
  CHECK(pool.gauges().leased == 1);
  CHECK(pool.counters().acquired == 1);
}

TEST_CASE("an idle connection is granted at once and used again", "[C01]") {
  pool_bench pool;
  pool.fill(1);
  CHECK(pool.acquire(1) == lines{"grant 1 1.1.2"});
  CHECK(pool.release(1) == lines{});
  CHECK(pool.acquire(2) == lines{"grant 2 1.1.3"});
  CHECK(pool.counters().opened == 1);
  CHECK(pool.counters().acquired_after_wait == 0);
}

TEST_CASE("the order of hand-out is the configured one", "[C02][trap-T32]") {
  auto config = pool_bench::plain();
  config.max_size = 3;
  SECTION("last in, first out") {
    pool_bench pool{config};
    pool.fill(3);
    CHECK(pool.acquire(1) == lines{"grant 1 1.3.2"});
    CHECK(pool.acquire(2) == lines{"grant 2 1.2.2"});
  }
  SECTION("first in, first out") {
    config.order = hand_out_order::fifo;
    pool_bench pool{config};
    pool.fill(3);
    CHECK(pool.acquire(1) == lines{"grant 1 1.1.2"});
    CHECK(pool.acquire(2) == lines{"grant 2 1.2.2"});
  }
}

TEST_CASE("first in, first out uses all connections evenly", "[C03]") {
  auto config = pool_bench::plain();
  config.max_size = 4;
  config.order = hand_out_order::fifo;
  pool_bench pool{config};
  pool.fill(4);
  for (std::uint64_t i = 1; i <= 400; ++i) {
    pool.acquire(i);
    pool.release(std::get<effect::grant>(pool.last.front()).lease);
  }
  for (auto& [id, record] : pool.uut.state().table.records())
    CHECK(record.lease_generation == 101);
}

TEST_CASE("a pool serves its waiters in the order of their arrival", "[C04]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  for (std::uint64_t i = 3; i <= 6; ++i) {
    pool.wait(1ms);
    CHECK(pool.acquire(i) == lines{});
  }
  pool.wait(200ms);
  CHECK(pool.release(1) == lines{"grant 3 1.1.3"});
  CHECK(pool.release(2) == lines{"grant 4 1.2.3"});
  pool.wait(200ms);
  CHECK(pool.release(2) == lines{"grant 5 1.2.4"});
  CHECK(pool.release(1) == lines{"grant 6 1.1.4"});
  CHECK(pool.counters().acquired_after_wait == 4);
}

TEST_CASE("nobody who comes later overtakes a waiter", "[trap-T11]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3);
  CHECK(pool.release(1) == lines{"grant 3 1.1.3"});
  CHECK(pool.acquire(4) == lines{});
  CHECK(pool.try_acquire(5) == lines{"reject 5 acquire_timeout"});
  CHECK(pool.release(2) == lines{"grant 4 1.2.3"});
}

TEST_CASE("a grant tells how long the caller waited") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3);
  pool.wait(250ms);
  pool.release(1);
  CHECK(std::get<effect::grant>(pool.last.front()).waited == 250ms);
}

TEST_CASE("a waiter of higher priority goes first") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3);
  acquire_input x;
  x.caller = ticket{4};
  x.how.wait_until = pool.now + 1s;
  x.how.priority = 7;
  pool.acquire(x);
  CHECK(pool.release(1) == lines{"grant 4 1.1.3"});
}

// -- giving up ----------------------------------------------------------------

TEST_CASE("a waiter is rejected at its deadline, not before", "[T01]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3, 100ms);
  CHECK(pool.uut.next_wakeup() == pool.now + 100ms);
  CHECK(pool.pass(99ms) == lines{});
  CHECK(pool.pass(1ms) == lines{"reject 3 acquire_timeout"});
  CHECK(pool.counters().acquire_timeouts == 1);
  CHECK(pool.release(1) == lines{});
}

TEST_CASE("each caller has its own deadline", "[T02]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3, 300ms);
  pool.acquire(4, 100ms);
  CHECK(pool.pass(100ms) == lines{"reject 4 acquire_timeout"});
  CHECK(pool.pass(200ms) == lines{"reject 3 acquire_timeout"});
}

TEST_CASE("an expired waiter is never granted anything", "[trap-T2][T03]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3, 100ms);
  pool.wait(100ms);
  // The release comes at the very moment, before the timer.
  CHECK(pool.release(1) == lines{"reject 3 acquire_timeout"});
  CHECK(pool.gauges().idle == 1);
}

TEST_CASE("a caller whose deadline has passed opens nothing", "[T06]") {
  pool_bench pool;
  CHECK(pool.acquire(1, 0ms) == lines{"reject 1 acquire_timeout"});
  CHECK(pool.acquire(2, -5ms) == lines{"reject 2 acquire_timeout"});
  CHECK(pool.gauges().total() == 0);
}

TEST_CASE("a waiter that cancels is skipped and counted once", "[C05]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3);
  pool.acquire(4);
  CHECK(pool.cancel(3) == lines{});
  CHECK(pool.cancel(3) == lines{});
  CHECK(pool.counters().cancelled == 1);
  CHECK(pool.release(1) == lines{"grant 4 1.1.3"});
}

TEST_CASE("a cancel that comes after the answer changes nothing") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  CHECK(pool.cancel(1) == lines{});
  CHECK(pool.counters().cancelled == 0);
  CHECK(pool.gauges().leased == 1);
}

TEST_CASE("a caller that gives up does not stop the opening",
          "[C13][trap-T4]") {
  pool_bench pool;
  pool.acquire(1, 25ms);
  CHECK(pool.pass(25ms) == lines{"reject 1 acquire_timeout"});
  pool.wait(75ms);
  CHECK(pool.opened(1, 100ms) == lines{});
  CHECK(pool.gauges().idle == 1);
  CHECK(pool.acquire(2) == lines{"grant 2 1.1.1"});
}

TEST_CASE("the queue is bounded and full at once", "[Z10][trap-T13]") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  config.max_waiters = 3;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  for (std::uint64_t i = 2; i <= 4; ++i)
    CHECK(pool.acquire(i) == lines{});
  CHECK(pool.acquire(5) == lines{"reject 5 queue_full"});
  CHECK(pool.counters().queue_full == 1);
  CHECK(pool.release(1) == lines{"grant 2 1.1.3"});
}

TEST_CASE("room that only the late took is free for a new caller") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  config.max_waiters = 1;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2, 100ms);
  pool.wait(100ms);
  CHECK(pool.acquire(3) == lines{"reject 2 acquire_timeout"});
}

TEST_CASE("a doubled request is answered once") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3, 100ms);
  CHECK(pool.acquire(3, 100ms) == lines{});
  CHECK(pool.gauges().waiting == 1);
  SECTION("also when it comes too late") {
    pool.wait(100ms);
    CHECK(pool.acquire(3, 0ms) == lines{"reject 3 acquire_timeout"});
  }
  SECTION("also when it is served") {
    CHECK(pool.release(1) == lines{"grant 3 1.1.3"});
    CHECK(pool.release(2) == lines{});
  }
}

// -- callers that will not wait -----------------------------------------------

TEST_CASE("who will not wait gets what is free or nothing", "[C11]") {
  pool_bench pool;
  pool.fill(1);
  CHECK(pool.try_acquire(1) == lines{"grant 1 1.1.2"});
  // It is turned away, but the pool grows for the next one.
  CHECK(pool.try_acquire(2) == lines{"open 2", "reject 2 acquire_timeout"});
  CHECK(pool.gauges().waiting == 0);
  CHECK(pool.opened(2) == lines{});
  CHECK(pool.try_acquire(3) == lines{"grant 3 1.2.1"});
  CHECK(pool.events() == lines{"connection_opened 2"});
}

TEST_CASE("who will not wait gets no connection that needs a probe") {
  auto config = pool_bench::plain();
  config.validate_on_acquire = true;
  pool_bench pool{config};
  pool.fill(1);
  pool.wait(501ms);
  CHECK(pool.try_acquire(1) == lines{"probe 1", "reject 1 acquire_timeout"});
  CHECK(pool.probed(1) == lines{});
  CHECK(pool.try_acquire(2) == lines{"grant 2 1.1.2"});
}

// -- exhaustion ---------------------------------------------------------------

TEST_CASE("exhaustion is told once per episode", "[A05]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  CHECK(pool.events().empty());
  pool.acquire(3);
  pool.acquire(4);
  CHECK(pool.events() == lines{"exhausted"});
  CHECK(pool.uut.snapshot(pool.now).status == pool_status::degraded);
  pool.release(1);
  CHECK(pool.events().empty());
  pool.release(2);
  CHECK(pool.events() == lines{"recovered"});
  CHECK(pool.counters().exhausted == 1);
}

TEST_CASE("callers that will not wait do not exhaust a pool") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.try_acquire(3);
  CHECK(pool.events().empty());
}

#include "machine/pool_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

pool_config roomy(std::uint32_t max = 10) {
  auto result = pool_bench::plain();
  result.max_size = max;
  result.open_concurrency = 4;
  result.breaker.consecutive_failures = 100;
  result.breaker.min_calls = 1000;
  return result;
}

} // namespace

TEST_CASE("a pool never opens more than its maximum", "[Z01]") {
  auto config = roomy(3);
  pool_bench pool{config};
  for (std::uint64_t i = 1; i <= 10; ++i)
    pool.acquire(i);
  for (std::uint64_t i = 1; i <= 3; ++i)
    pool.opened(i);
  CHECK(pool.gauges().total() == 3);
  CHECK(pool.gauges().leased == 3);
  CHECK(pool.gauges().waiting == 7);
}

TEST_CASE("an empty pool opens for its waiters, a few at a time",
          "[trap-T34]") {
  pool_bench pool{roomy()};
  CHECK(pool.acquire(1) == lines{"open 1"});
  // The first success allows two at a time, the next four.
  CHECK(pool.acquire(2) == lines{});
  CHECK(pool.acquire(3) == lines{});
  CHECK(pool.acquire(4) == lines{});
  CHECK(pool.opened(1) == lines{"grant 1 1.1.1", "open 2"});
}

TEST_CASE("a slot is freed once, whatever becomes of the opening",
          "[C15][trap-T5]") {
  pool_bench pool{roomy(1)};
  CHECK(pool.acquire(1) == lines{"open 1"});
  SECTION("it failed") {
    CHECK(pool.open_failed(1) == lines{});
    CHECK(pool.gauges().total() == 0);
    CHECK(pool.open_failed(1) == lines{});
    CHECK(pool.counters().open_failures == 1);
  }
  SECTION("its worker never came back") {
    auto order = std::get<effect::open_connection>(pool.last.front());
    CHECK(order.deadline == pool.now + 30s);
    CHECK(pool.pass(30s) == lines{"reject 1 acquire_timeout"});
    CHECK(pool.gauges().opening == 1);
    pool.pass(1s);
    CHECK(pool.gauges().total() == 0);
    CHECK(pool.uut.state().last_error.code == errc::open_timeout);
    SECTION("and then it did") {
      CHECK(pool.opened(1) == lines{"abort 1"});
      CHECK(pool.closed(1) == lines{});
      CHECK(pool.gauges().total() == 0);
      CHECK(pool.counters().opened == 0);
    }
  }
  SECTION("it was told twice") {
    pool.opened(1);
    CHECK(pool.opened(1) == lines{});
    CHECK(pool.counters().opened == 1);
  }
}

TEST_CASE("a failed opening tells why and wakes the next attempt",
          "[C14][J02]") {
  pool_bench pool{roomy()};
  pool.acquire(1);
  CHECK(pool.open_failed(1) == lines{});
  CHECK(pool.events() == lines{"open_failed 1"});
  CHECK(pool.text_of(event_kind::open_failed)
        == "open_failed: the server said no (08006); next attempt in 500ms");
  CHECK(pool.uut.state().retry.next_attempt() == pool.now + 500ms);
  CHECK(pool.pass(499ms) == lines{});
  CHECK(pool.pass(1ms) == lines{"open 2"});
  CHECK(pool.opened(2) == lines{"grant 1 1.2.1"});
}

TEST_CASE("delays double up to the cap while the server is down", "[J01]") {
  auto config = roomy();
  config.retry.start = 100ms;
  config.retry.cap = 400ms;
  config.retry.floor = 10ms;
  config.retry.jitter = false;
  pool_bench pool{config};
  pool.acquire(1, 60s);
  std::vector<duration> delays;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    pool.open_failed(i);
    auto before = pool.now;
    while (pool.uut.state().table.last_id() == i)
      pool.pass(1ms);
    delays.push_back(pool.now - before);
  }
  CHECK(delays == std::vector<duration>{100ms, 200ms, 400ms, 400ms});
}

TEST_CASE("there is one prober while the server is down, whatever the demand",
          "[trap-T35][J04]") {
  pool_bench pool{roomy(50)};
  for (std::uint64_t i = 1; i <= 50; ++i)
    pool.acquire(i, 60s);
  pool.open_failed(1);
  std::uint64_t openings = pool.uut.state().table.last_id();
  // 20 seconds at delays of at least 500 ms.
  for (int i = 0; i < 2000; ++i) {
    pool.pass(10ms);
    for (auto id = pool.uut.state().table.last_id(); pool.has(id);)
      pool.open_failed(id);
    CHECK(pool.gauges().opening <= 1);
  }
  CHECK(pool.uut.state().table.last_id() - openings <= 40);
}

TEST_CASE("a mere connect does not end the failures, a use does",
          "[trap-T37]") {
  pool_bench pool{roomy()};
  pool.acquire(1, 60s);
  pool.open_failed(1);
  pool.pass(500ms);
  pool.opened(2);
  auto& retry = pool.uut.state().retry;
  CHECK(retry.failures() == 1);
  SECTION("released in good order") {
    pool.wait(1ms);
    pool.release(2);
    CHECK(retry.failures() == 0);
    CHECK_FALSE(pool.uut.state().last_error);
  }
  SECTION("broken at once") {
    lease_end how;
    how.left = trace::broken;
    how.why = pool_bench::failure();
    pool.release(2, how);
    CHECK(retry.failures() == 2);
    CHECK(retry.next_attempt() > pool.now);
  }
  SECTION("given back unused") {
    lease_end how;
    how.unused = true;
    pool.release(2, how);
    CHECK(retry.failures() == 1);
  }
}

TEST_CASE(
  "old connections in use do not excuse a server that takes no new "
  "ones",
  "[trap-T37]") {
  pool_bench pool{roomy()};
  pool.fill(1);
  pool.acquire(1);
  pool.wait(2s); // or the failure would be taken for an accident
  pool.acquire(2, 300s);
  pool.open_failed(2);
  auto& retry = pool.uut.state().retry;
  pool.wait(1ms);
  pool.release(1);
  CHECK(retry.failures() == 1);
  SECTION("but a quiet time does") {
    pool.wait(31s);
    pool.release(1);
    CHECK(retry.failures() == 0);
  }
}

TEST_CASE("a permanent error fails those who wait at once", "[trap-T39][C14]") {
  pool_bench pool{roomy()};
  pool.acquire(1);
  pool.acquire(2);
  CHECK(pool.open_failed(1, errc::open_refused)
        == lines{"reject 1 open_refused", "reject 2 open_refused"});
  SECTION("and whoever comes until the next attempt is due") {
    pool.pass(29s);
    CHECK(pool.acquire(3) == lines{"reject 3 open_refused"});
    CHECK_THAT(pool.why.message, ContainsSubstring("the server said no"));
    CHECK_THAT(pool.why.message, ContainsSubstring("next attempt is in 1s"));
    pool.pass(1s);
    CHECK(pool.acquire(4) == lines{"open 2"});
    CHECK(pool.opened(2) == lines{"grant 4 1.2.1"});
    CHECK(pool.acquire(5) == lines{"open 3"});
  }
  SECTION("but an operator may know better") {
    pool.reconnect();
    CHECK(pool.acquire(3) == lines{"open 2"});
  }
}

TEST_CASE("a permanent error leaves alone who can be served", "[trap-T39]") {
  pool_bench pool{roomy()};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2);
  CHECK(pool.open_failed(2, errc::open_refused) == lines{});
  CHECK(pool.acquire(3) == lines{});
  CHECK(pool.release(1) == lines{"grant 2 1.1.3"});
}

TEST_CASE("a pool that falls below its minimum is filled again",
          "[Z02][trap-T30]") {
  auto config = roomy();
  config.min_size = 2;
  pool_bench pool{config};
  CHECK(pool.gauges().total() == 0); // nobody asked yet
  pool.acquire(1);
  pool.opened(1);
  pool.opened(2);
  CHECK(pool.gauges().idle == 1);
  CHECK(pool.release(1, trace::broken) == lines{"abort 1", "open 3"});
  SECTION("also after failures, with the delays of the backoff") {
    pool.open_failed(3);
    CHECK(pool.pass(500ms) == lines{"open 4"});
  }
}

TEST_CASE("warm-up opens the minimum before anybody asks") {
  auto config = roomy();
  config.min_size = 2;
  config.warm_up = warm_up_policy::to_min;
  pool_bench pool{config};
  CHECK(pool.gauges().opening == 1);
  CHECK(pool.opened(1) == lines{"open 2"});
  CHECK(pool.opened(2) == lines{});
}

TEST_CASE("a connection counts until its end is confirmed", "[trap-T6]") {
  pool_bench pool{roomy(1)};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2);
  CHECK(pool.release(1, trace::broken) == lines{"abort 1"});
  CHECK(pool.gauges().closing == 1);
  SECTION("by a report") {
    CHECK(pool.closed(1) == lines{"open 2"});
  }
  SECTION("or long enough") {
    CHECK(pool.pass(5999ms) == lines{});
    CHECK(pool.pass(1ms) == lines{"open 2"});
    CHECK(pool.closed(1) == lines{});
  }
}

TEST_CASE(
  "the pool is down after enough failures and up again with the "
  "first success") {
  auto config = roomy();
  config.retry.attempts = 2;
  pool_bench pool{config};
  pool.acquire(1, 60s);
  pool.open_failed(1);
  pool.pass(500ms);
  pool.open_failed(2);
  CHECK(pool.events() == lines{"open_failed 1", "open_failed 2", "pool_down"});
  CHECK(pool.uut.snapshot(pool.now).status == pool_status::down);
  pool.pass(1s);
  pool.opened(3);
  CHECK(pool.events() == lines{"connection_opened 3", "pool_up"});
}

TEST_CASE("a waiting pool wakes for the next attempt, not every millisecond") {
  pool_bench pool{roomy()};
  pool.acquire(1, 20s);
  pool.open_failed(1);
  pool.pass(500ms);
  // One attempt is under way: nothing is due but the caller's deadline.
  CHECK(pool.gauges().opening == 1);
  CHECK(pool.uut.next_wakeup() == pool.now + 19500ms);
}

TEST_CASE("an opening that began before a reconnect is of no use",
          "[C17][L08]") {
  pool_bench pool{roomy()};
  pool.acquire(1);
  CHECK(pool.reconnect() == lines{"call off 1", "open 2"});
  SECTION("though it goes well") {
    CHECK(pool.opened(1) == lines{"close 1"});
    CHECK(pool.opened(1) == lines{});
    CHECK(pool.closed(1) == lines{});
  }
  SECTION("because it had not begun") {
    CHECK(pool.not_opened(1) == lines{});
  }
  SECTION("or fails") {
    CHECK(pool.open_failed(1) == lines{});
    CHECK(pool.uut.state().retry.failures() == 0);
  }
  SECTION("or never ends") {
    pool.acquire(2, 60s);
    CHECK(pool.opened(2) == lines{"grant 1 1.2.1", "open 3"});
    CHECK(pool.gauges().closing == 1);
    pool.pass(31s);
    CHECK(pool.gauges().closing == 0);
    CHECK(pool.opened(1) == lines{"abort 1"});
    return;
  }
  CHECK(pool.gauges().closing == 0);
  CHECK(pool.opened(2) == lines{"grant 1 1.2.1"});
}

TEST_CASE("an opening that was given up counts against the maximum",
          "[C17][Z01]") {
  pool_bench pool{roomy(1)};
  pool.acquire(1);
  CHECK(pool.reconnect() == lines{"call off 1"});
  SECTION("until it failed") {
    CHECK(pool.open_failed(1) == lines{"open 2"});
  }
  SECTION("until it is closed") {
    CHECK(pool.opened(1) == lines{"close 1"});
    CHECK(pool.closed(1) == lines{"open 2"});
  }
  SECTION("also for a successor") {
    pool.restart();
    CHECK(pool.gauges().closing == 1);
    pool.acquire(2);
    CHECK(pool.open_failed(1) == lines{"open 2"});
  }
}

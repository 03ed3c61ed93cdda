#include "caf_pool/machine/policy/circuit_breaker.hpp"

#include "machine/breaker_bench.hpp"
#include "support/catch_compat.hpp"

#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using transition = circuit_breaker::transition;
using transitions = std::vector<transition>;

TEST_CASE("a breaker starts closed and lets everything pass") {
  breaker_bench bench;
  CHECK(bench.uut.state() == breaker_state::closed);
  CHECK(bench.uut.closed());
  CHECK(bench.uut.next_wakeup() == never);
  CHECK(bench.uut.open_for(bench.now) == 0s);
  for (int i = 0; i < 100; ++i)
    CHECK(bench.uut.try_acquire(bench.now));
}

// -- closed -------------------------------------------------------------------

TEST_CASE("failures in a row open the breaker, however few the calls",
          "[trap-T47]") {
  breaker_bench bench;
  bench.fail(4);
  CHECK(bench.uut.closed());
  bench.fail();
  CHECK(bench.uut.state() == breaker_state::open);
  CHECK(bench.uut.take_transitions()
        == transitions{{breaker_state::closed, breaker_state::open}});
  CHECK(bench.uut.take_transitions().empty());
}

TEST_CASE("a success ends the failures in a row") {
  breaker_bench bench;
  for (int i = 0; i < 4; ++i) {
    bench.fail(4);
    bench.succeed();
  }
  CHECK(bench.uut.closed()); // 16 of 20 failed, but the last one was good
  bench.fail();
  CHECK(bench.uut.state() == breaker_state::open); // by its share
}

TEST_CASE("one failure in two calls opens nothing, half of twenty does",
          "[trap-T47]") {
  breaker_bench bench;
  for (int i = 0; i < 9; ++i) {
    bench.fail();
    bench.succeed();
    CHECK(bench.uut.closed());
  }
  bench.succeed(); // the 19th
  CHECK(bench.uut.closed());
  bench.fail(); // 10 of 20
  CHECK(bench.uut.state() == breaker_state::open);
}

TEST_CASE("a share below the limit opens nothing") {
  breaker_bench bench;
  for (int i = 0; i < 100; ++i) {
    bench.succeed(3);
    bench.fail(2);
  }
  CHECK(bench.uut.closed()); // 40 %
}

TEST_CASE("calls older than the window do not count") {
  breaker_bench bench;
  for (int i = 0; i < 9; ++i) {
    bench.fail();
    bench.succeed();
  }
  bench.pass(10s);
  bench.succeed();
  bench.fail();
  CHECK(bench.uut.closed());
}

TEST_CASE("slow calls open the breaker although they succeed") {
  auto config = breaker_bench::plain();
  config.slow_call = 100ms;
  config.slow_percent = 60;
  breaker_bench bench{config};
  for (int i = 0; i < 8; ++i)
    bench.succeed(1, 100ms); // just not slow
  bench.succeed(11, 101ms);
  CHECK(bench.uut.closed()); // 11 of 19
  bench.succeed(1, 101ms);   // 12 of 20
  CHECK(bench.uut.state() == breaker_state::open);
}

TEST_CASE("without a limit no call is slow") {
  breaker_bench bench;
  bench.succeed(100, 1h);
  CHECK(bench.uut.closed());
}

TEST_CASE("ignored calls count neither way") {
  breaker_bench bench;
  bench.fail(4);
  for (int i = 0; i < 100; ++i)
    bench.uut.ignored(*bench.uut.try_acquire(bench.now), bench.now);
  CHECK(bench.uut.closed());
  bench.fail(); // still the fifth in a row
  CHECK(bench.uut.state() == breaker_state::open);
}

TEST_CASE("calls of the fast lane count by the batch") {
  breaker_bench bench;
  SECTION("failures alone are in a row") {
    bench.uut.observed(0, 5, bench.now);
    CHECK(bench.uut.state() == breaker_state::open);
  }
  SECTION("one success among them ends the row") {
    bench.fail(4);
    bench.uut.observed(1, 4, bench.now);
    bench.fail(4);
    CHECK(bench.uut.closed());
  }
  SECTION("their share counts") {
    bench.uut.observed(10, 10, bench.now);
    CHECK(bench.uut.state() == breaker_state::open);
  }
  SECTION("an empty batch is none") {
    bench.fail(4);
    bench.uut.observed(0, 0, bench.now);
    bench.fail();
    CHECK(bench.uut.state() == breaker_state::open);
  }
  SECTION("while open they do not count") {
    bench.fail(5);
    auto until = bench.uut.next_wakeup();
    bench.uut.observed(0, 100, bench.now);
    CHECK(bench.uut.next_wakeup() == until);
  }
}

// -- open ---------------------------------------------------------------------

TEST_CASE("an open breaker rejects and its rejections are no samples",
          "[trap-T48][trap-T43]") {
  breaker_bench bench;
  bench.fail(5);
  auto before = bench.uut.remember();
  for (int i = 0; i < 1000; ++i)
    CHECK_FALSE(bench.uut.try_acquire(bench.now));
  CHECK(bench.uut.remember().openings == before.openings);
  CHECK(bench.uut.remember().open_until == before.open_until);
  CHECK(bench.uut.epoch() == before.epoch);
  CHECK(bench.uut.remember().window == before.window);
}

TEST_CASE("an open breaker says how long it stays so") {
  breaker_bench bench;
  bench.fail(5);
  CHECK(bench.uut.open_for(bench.now) == 5s);
  CHECK(bench.uut.next_wakeup() == bench.now + 5s);
  bench.pass(4999ms);
  CHECK(bench.uut.open_for(bench.now) == 1ms);
  CHECK_FALSE(bench.uut.try_acquire(bench.now));
  bench.pass(1ms);
  CHECK(bench.uut.open_for(bench.now) == 0s);
}

TEST_CASE("a breaker half-opens when its time is over") {
  breaker_bench bench;
  bench.fail(5);
  bench.pass(5s);
  SECTION("by a tick") {
    bench.uut.tick(bench.now - 1ns);
    CHECK(bench.uut.state() == breaker_state::open);
    bench.uut.tick(bench.now);
  }
  SECTION("by the next call") {
    CHECK(bench.uut.try_acquire(bench.now));
  }
  SECTION("by a late result") {
    bench.uut.failed({1, 1}, 0s, bench.now);
  }
  CHECK(bench.uut.state() == breaker_state::half_open);
  CHECK_FALSE(bench.uut.closed());
}

// -- half open ----------------------------------------------------------------

TEST_CASE("a half-open breaker gives its permits and not one more") {
  auto config = breaker_bench::plain();
  config.half_open_permits = 3;
  breaker_bench bench{config};
  bench.half_open();
  auto x = bench.uut.try_acquire(bench.now);
  CHECK(x);
  CHECK(bench.uut.try_acquire(bench.now));
  CHECK(bench.uut.try_acquire(bench.now));
  CHECK_FALSE(bench.uut.try_acquire(bench.now));
  SECTION("a success is no room for another trial") {
    bench.uut.succeeded(*x, 1ms, bench.now);
    CHECK_FALSE(bench.uut.try_acquire(bench.now));
  }
  SECTION("a call that says nothing is") {
    bench.uut.ignored(*x, bench.now);
    CHECK(bench.uut.try_acquire(bench.now));
    CHECK_FALSE(bench.uut.try_acquire(bench.now));
  }
}

TEST_CASE(
  "a trial that says nothing leaves its place to the next, neither success "
  "nor failure",
  "[B07][trap-T45]") {
  auto config = breaker_bench::plain();
  config.half_open_permits = 2;
  breaker_bench bench{config};
  bench.half_open();
  // More than would close it, and more than would open it.
  for (int i = 0; i < 100; ++i) {
    auto x = bench.uut.try_acquire(bench.now);
    REQUIRE(x);
    bench.uut.ignored(*x, bench.now);
    REQUIRE(bench.uut.state() == breaker_state::half_open);
  }
  CHECK(bench.uut.late_results() == 0);
  // All permits are there again, and no limit runs.
  CHECK(bench.uut.next_wakeup() == never);
  auto x = bench.uut.try_acquire(bench.now);
  auto y = bench.uut.try_acquire(bench.now);
  REQUIRE(x);
  REQUIRE(y);
  CHECK_FALSE(bench.uut.try_acquire(bench.now));
  bench.uut.succeeded(*x, 1ms, bench.now);
  CHECK(bench.uut.state() == breaker_state::half_open);
  SECTION("two successes close it as before") {
    bench.uut.succeeded(*y, 1ms, bench.now);
    CHECK(bench.uut.closed());
  }
  SECTION("one failure of two opens it as before") {
    bench.uut.failed(*y, 1ms, bench.now);
    CHECK(bench.uut.state() == breaker_state::open);
  }
}

TEST_CASE("a half-open breaker closes after as many successes as permits") {
  auto config = breaker_bench::plain();
  config.half_open_permits = 3;
  breaker_bench bench{config};
  bench.half_open();
  bench.succeed(2);
  CHECK(bench.uut.state() == breaker_state::half_open);
  bench.succeed();
  CHECK(bench.uut.state() == breaker_state::closed);
}

TEST_CASE("with one permit the first failure opens again") {
  breaker_bench bench;
  bench.half_open();
  bench.fail();
  CHECK(bench.uut.state() == breaker_state::open);
}

TEST_CASE("with more permits the share of failed trials opens again") {
  auto config = breaker_bench::plain();
  config.half_open_permits = 3;
  breaker_bench bench{config};
  bench.half_open();
  bench.fail();
  CHECK(bench.uut.state() == breaker_state::half_open); // a third
  SECTION("another failure is too many") {
    bench.fail();
    CHECK(bench.uut.state() == breaker_state::open);
  }
  SECTION("three successes outweigh it") {
    bench.succeed(3);
    CHECK(bench.uut.closed());
  }
}

TEST_CASE("slow trials open again") {
  auto config = breaker_bench::plain();
  config.slow_call = 100ms;
  breaker_bench bench{config};
  bench.half_open();
  bench.succeed(1, 101ms);
  CHECK(bench.uut.state() == breaker_state::open);
}

TEST_CASE("a trial that never ends counts as failed at its limit",
          "[trap-T45]") {
  breaker_bench bench;
  bench.half_open();
  auto lost = bench.uut.try_acquire(bench.now);
  REQUIRE(lost);
  CHECK(bench.uut.next_wakeup() == bench.now + 10s);
  bench.pass(10s - 1ns);
  bench.uut.tick(bench.now);
  CHECK(bench.uut.state() == breaker_state::half_open);
  bench.pass(1ns);
  SECTION("found by a tick") {
    bench.uut.tick(bench.now);
  }
  SECTION("found by the next call") {
    CHECK_FALSE(bench.uut.try_acquire(bench.now));
  }
  SECTION("found by its own result, which comes too late") {
    bench.uut.succeeded(*lost, 10s, bench.now);
    CHECK(bench.uut.late_results() == 1);
  }
  CHECK(bench.uut.state() == breaker_state::open);
}

TEST_CASE("a breaker is never stuck half open, whatever becomes of trials",
          "[trap-T45]") {
  auto config = breaker_bench::plain();
  config.half_open_permits = 3;
  breaker_bench bench{config};
  bench.half_open();
  // All trials are lost, again and again; then the server is well.
  for (int i = 0; i < 10; ++i) {
    while (bench.uut.try_acquire(bench.now)) {
      // nop
    }
    bench.pass(10s);
    bench.uut.tick(bench.now);
    CHECK(bench.uut.state() == breaker_state::open);
    bench.now = bench.uut.next_wakeup();
    bench.uut.tick(bench.now);
    CHECK(bench.uut.state() == breaker_state::half_open);
  }
  bench.succeed(3);
  CHECK(bench.uut.closed());
}

TEST_CASE("a closed breaker has forgotten everything") {
  breaker_bench bench;
  bench.half_open();
  bench.succeed();
  CHECK(bench.uut.closed());
  CHECK(bench.uut.remember().openings == 0);
  bench.fail(4);
  CHECK(bench.uut.closed());
  bench.fail();
  CHECK(bench.uut.open_for(bench.now) == 5s); // as the first time
}

// -- late results -------------------------------------------------------------

TEST_CASE("a result of another epoch changes nothing but a counter",
          "[trap-T46]") {
  breaker_bench bench;
  auto from_closed = *bench.uut.try_acquire(bench.now);
  bench.half_open();
  bench.uut.succeeded(from_closed, 1ms, bench.now);
  CHECK(bench.uut.state() == breaker_state::half_open);
  bench.uut.failed(from_closed, 1ms, bench.now);
  CHECK(bench.uut.state() == breaker_state::half_open);
  bench.uut.ignored(from_closed, bench.now);
  CHECK(bench.uut.late_results() == 3);
  bench.succeed();
  for (int i = 0; i < 100; ++i)
    bench.uut.failed(from_closed, 1ms, bench.now);
  CHECK(bench.uut.closed());
}

TEST_CASE("a trial ends once", "[trap-T46]") {
  auto config = breaker_bench::plain();
  config.half_open_permits = 2;
  breaker_bench bench{config};
  bench.half_open();
  auto x = *bench.uut.try_acquire(bench.now);
  bench.uut.succeeded(x, 1ms, bench.now);
  bench.uut.succeeded(x, 1ms, bench.now);
  bench.uut.failed(x, 1ms, bench.now);
  CHECK(bench.uut.state() == breaker_state::half_open);
  CHECK(bench.uut.late_results() == 2);
}

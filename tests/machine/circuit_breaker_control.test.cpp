#include "caf_pool/machine/policy/circuit_breaker.hpp"

#include "machine/breaker_bench.hpp"
#include "support/catch_compat.hpp"

#include <algorithm>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using transition = circuit_breaker::transition;
using transitions = std::vector<transition>;

// -- open times ---------------------------------------------------------------

TEST_CASE("each opening in a row lasts longer, up to the cap", "[trap-T49]") {
  breaker_bench bench;
  bench.fail(5);
  for (auto expected : {5s, 10s, 20s, 40s, 60s, 60s, 60s}) {
    CHECK(bench.uut.open_for(bench.now) == expected);
    bench.now = bench.uut.next_wakeup();
    bench.fail(); // the trial
  }
  CHECK(bench.uut.remember().openings == 8);
}

TEST_CASE("open times differ from breaker to breaker", "[trap-T49]") {
  std::vector<duration> xs;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    breaker_bench bench{breaker_config{}, seed};
    bench.fail(5);
    xs.push_back(bench.uut.open_for(bench.now));
  }
  std::sort(xs.begin(), xs.end());
  CHECK(std::adjacent_find(xs.begin(), xs.end()) == xs.end());
  CHECK(xs.front() >= 4s);
  CHECK(xs.front() < 4050ms);
  CHECK(xs.back() <= 6s);
  CHECK(xs.back() > 5950ms);
  CHECK(xs[500] > 4800ms);
  CHECK(xs[500] < 5200ms);
}

TEST_CASE("no open time exceeds the cap by more than the jitter") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    breaker_bench bench{breaker_config{}, seed};
    bench.fail(5);
    for (int i = 0; i < 40; ++i) {
      CHECK(bench.uut.open_for(bench.now) <= 72s);
      bench.now = bench.uut.next_wakeup();
      bench.fail();
    }
  }
}

// -- operators ----------------------------------------------------------------

TEST_CASE("a forced state stays until an operator ends it") {
  breaker_bench bench;
  SECTION("forced open") {
    CHECK(bench.uut.force(breaker_state::forced_open, bench.now));
    CHECK_FALSE(bench.uut.closed());
    bench.pass(24h);
    bench.uut.tick(bench.now);
    CHECK_FALSE(bench.uut.try_acquire(bench.now));
    CHECK(bench.uut.state() == breaker_state::forced_open);
    CHECK(bench.uut.open_for(bench.now) == 0s);
  }
  SECTION("forced closed") {
    CHECK(bench.uut.force(breaker_state::forced_closed, bench.now));
    CHECK(bench.uut.closed());
    bench.fail(1000);
    bench.uut.observed(0, 1000, bench.now);
    CHECK(bench.uut.state() == breaker_state::forced_closed);
  }
  CHECK(bench.uut.next_wakeup() == never);
  CHECK(bench.uut.take_transitions().size() == 1);
  CHECK(bench.uut.force(breaker_state::closed, bench.now));
  bench.fail(4); // nothing is left of what happened meanwhile
  CHECK(bench.uut.state() == breaker_state::closed);
}

TEST_CASE("a closed breaker cannot be half-opened") {
  breaker_bench bench;
  CHECK_FALSE(bench.uut.force(breaker_state::half_open, bench.now));
  CHECK(bench.uut.state() == breaker_state::closed);
  CHECK(bench.uut.force(breaker_state::forced_closed, bench.now));
  CHECK_FALSE(bench.uut.force(breaker_state::half_open, bench.now));
  CHECK(bench.uut.state() == breaker_state::forced_closed);
}

TEST_CASE("an operator may half-open a breaker before its time", "[trap-T38]") {
  breaker_bench bench;
  bench.fail(5);
  CHECK(bench.uut.force(breaker_state::half_open, bench.now));
  bench.succeed();
  CHECK(bench.uut.state() == breaker_state::closed);
}

TEST_CASE("an operator may open a breaker for its usual time") {
  breaker_bench bench;
  CHECK(bench.uut.force(breaker_state::open, bench.now));
  CHECK(bench.uut.open_for(bench.now) == 5s);
  bench.now = bench.uut.next_wakeup();
  bench.succeed();
  CHECK(bench.uut.state() == breaker_state::closed);
}

TEST_CASE("an operator may close a breaker before its time") {
  breaker_bench bench;
  bench.fail(5);
  CHECK(bench.uut.force(breaker_state::closed, bench.now));
  CHECK(bench.uut.open_for(bench.now) == 0s);
  CHECK(bench.uut.next_wakeup() == never);
  bench.succeed();
}

TEST_CASE("forcing the state that is in force changes nothing") {
  breaker_bench bench;
  bench.fail(5);
  bench.uut.take_transitions();
  auto epoch = bench.uut.epoch();
  CHECK(bench.uut.force(breaker_state::open, bench.now));
  CHECK(bench.uut.epoch() == epoch);
  CHECK(bench.uut.take_transitions().empty());
}

TEST_CASE("each change of state is told once, in order") {
  breaker_bench bench;
  bench.half_open();
  bench.succeed();
  bench.uut.force(breaker_state::forced_open, bench.now);
  using enum breaker_state;
  CHECK(bench.uut.take_transitions()
        == transitions{{closed, open},
                       {open, half_open},
                       {half_open, closed},
                       {closed, forced_open}});
}

// -- restarts -----------------------------------------------------------------

TEST_CASE("a breaker outlives the restart of its owner", "[trap-T37]") {
  breaker_bench bench;
  breaker_bench successor{breaker_bench::plain(), 2};
  SECTION("open stays open, for as long as it would have") {
    bench.half_open();
    bench.fail();
    bench.pass(3s);
    successor.now = bench.now;
    successor.uut.restore(bench.uut.remember());
    CHECK(successor.uut.state() == breaker_state::open);
    CHECK(successor.uut.open_for(successor.now) == 7s);
    CHECK(successor.uut.remember().openings == 2);
  }
  SECTION("four failures before and one after open it") {
    bench.fail(4);
    successor.uut.restore(bench.uut.remember());
    CHECK(successor.uut.closed());
    successor.fail();
    CHECK(successor.uut.state() == breaker_state::open);
  }
  SECTION("the window goes on") {
    bench.uut.observed(11, 9, bench.now);
    successor.uut.restore(bench.uut.remember());
    successor.fail();
    CHECK(successor.uut.closed()); // 10 of 21
    successor.fail();
    CHECK(successor.uut.state() == breaker_state::open);
  }
  SECTION("a forced state stays forced") {
    bench.uut.force(breaker_state::forced_open, bench.now);
    successor.uut.restore(bench.uut.remember());
    successor.pass(24h);
    CHECK_FALSE(successor.uut.try_acquire(successor.now));
  }
}

TEST_CASE("permits of a predecessor are late", "[trap-T46]") {
  auto config = breaker_bench::plain();
  config.half_open_permits = 2;
  breaker_bench bench{config};
  bench.half_open();
  auto old = *bench.uut.try_acquire(bench.now);
  bench.succeed();
  auto memory = bench.uut.remember();
  bench.uut.restore(memory);
  CHECK(bench.uut.epoch() > memory.epoch);
  CHECK(bench.uut.state() == breaker_state::half_open);
  bench.uut.failed(old, 1ms, bench.now);
  CHECK(bench.uut.late_results() == 1);
  CHECK(bench.uut.state() == breaker_state::half_open);
  bench.succeed(); // the permit of old is free again, its verdicts are gone
  CHECK(bench.uut.state() == breaker_state::half_open);
  bench.succeed();
  CHECK(bench.uut.closed());
}

TEST_CASE("the count of late results survives a restart") {
  breaker_bench bench;
  bench.uut.failed({99, 1}, 0s, bench.now);
  breaker_bench successor;
  successor.uut.restore(bench.uut.remember());
  CHECK(successor.uut.late_results() == 1);
}

// -- settings -----------------------------------------------------------------

TEST_CASE("a breaker that is turned off never opens") {
  auto config = breaker_bench::plain();
  config.enabled = false;
  breaker_bench bench{config};
  bench.fail(1000);
  bench.uut.observed(0, 1000, bench.now);
  CHECK(bench.uut.closed());
  CHECK_FALSE(bench.uut.force(breaker_state::open, bench.now));
  CHECK(bench.uut.force(breaker_state::forced_open, bench.now));
  CHECK_FALSE(bench.uut.try_acquire(bench.now));
  CHECK_FALSE(bench.uut.force(breaker_state::half_open, bench.now));
}

TEST_CASE("turning an open breaker off closes it, unless it is forced") {
  breaker_bench bench;
  auto off = breaker_bench::plain();
  off.enabled = false;
  SECTION("open") {
    bench.fail(5);
    bench.uut.configure(off);
    CHECK(bench.uut.state() == breaker_state::closed);
  }
  SECTION("half open") {
    bench.half_open();
    bench.uut.configure(off);
    CHECK(bench.uut.state() == breaker_state::closed);
  }
  SECTION("forced") {
    bench.uut.force(breaker_state::forced_open, bench.now);
    bench.uut.configure(off);
    CHECK(bench.uut.state() == breaker_state::forced_open);
  }
  SECTION("as a restart does with other settings") {
    bench.fail(5);
    breaker_bench successor{off};
    successor.uut.restore(bench.uut.remember());
    CHECK(successor.uut.closed());
  }
}

TEST_CASE("fewer permits never leave a breaker half open for ever") {
  auto config = breaker_bench::plain();
  config.half_open_permits = 3;
  breaker_bench bench{config};
  bench.half_open();
  bench.succeed(2);
  config.half_open_permits = 1;
  bench.uut.configure(config);
  CHECK(bench.uut.try_acquire(bench.now));
  CHECK(bench.uut.closed());
}

TEST_CASE("another window begins empty") {
  breaker_bench bench;
  bench.uut.observed(9, 9, bench.now);
  auto config = breaker_bench::plain();
  config.window = 20s;
  bench.uut.configure(config);
  bench.uut.observed(1, 1, bench.now);
  CHECK(bench.uut.closed()); // 2 calls, no longer 20
  bench.pass(15s);
  bench.uut.observed(9, 9, bench.now);
  CHECK(bench.uut.state() == breaker_state::open);
}

TEST_CASE("new limits take effect with the next call") {
  breaker_bench bench;
  bench.fail(3);
  auto config = breaker_bench::plain();
  config.consecutive_failures = 4;
  bench.uut.configure(config);
  bench.fail();
  CHECK(bench.uut.state() == breaker_state::open);
}

#include "work/desk_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

/// Both kinds of jobs that serve a caller.
job_kind service() {
  return GENERATE(job_kind::execute, job_kind::restrict);
}

} // namespace

// -- waiting for a worker -----------------------------------------------------

TEST_CASE("a statement that no worker began ends at its deadline",
          "[T10][T13][trap-T10]") {
  desk_bench desk;
  auto kind = service();
  desk.execute(1, 1);
  desk.order(kind, 2, 1s);
  desk.order(kind, 3, 2s);
  CHECK(desk.pass(999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"end 2 unserved"});
  CHECK_FALSE(desk.serves(2));
  CHECK_FALSE(desk.busy(2));
  CHECK(desk.finished(1) == lines{"end 1 done", "run 3 on 1"});
}

TEST_CASE("a worker that is back at the deadline is too late for a statement") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.execute(2, 2, 1s);
  desk.wait(1s);
  CHECK(desk.finished(1) == lines{"end 1 done", "end 2 unserved"});
}

TEST_CASE("a statement without time is not sent, though a worker is free") {
  auto limit = GENERATE(0s, -1s);
  desk_bench desk;
  CHECK(desk.execute(1, 1, limit) == lines{"end 1 unserved"});
}

TEST_CASE("maintenance that no worker began ends two seconds late") {
  auto kind = GENERATE(job_kind::open, job_kind::probe, job_kind::reset,
                       job_kind::look);
  desk_bench desk;
  desk.occupy(3);
  desk.order(kind, kind == job_kind::look ? 0 : 1, 1s);
  CHECK(desk.pass(2999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"end 4 unserved"});
  CHECK(desk.finished(1) == lines{"end 1 done"});
}

TEST_CASE("a close waits for a worker, however long that takes") {
  desk_bench desk;
  desk.occupy(3);
  desk.close(1, 1s);
  CHECK(desk.pass(59min) == lines{});
  CHECK(desk.finished(1) == lines{"end 1 done", "run 4 on 1"});
}

// -- late workers -------------------------------------------------------------

TEST_CASE("a statement is broken a second after its deadline, then given up",
          "[C12][T10][V14]") {
  desk_bench desk;
  desk.order(service(), 1, 10s);
  CHECK(desk.pass(10999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"break 1"});
  CHECK(desk.pass(999ms) == lines{});
  CHECK(desk.serves(1));
  CHECK(desk.lost() == 0);
  CHECK(desk.pass(1ms) == lines{"end 1 stuck"});
  CHECK_FALSE(desk.serves(1));
  CHECK_FALSE(desk.busy(1));
  CHECK(desk.lost() == 1);
  CHECK(desk.uut.at_rest());
  CHECK(desk.pass(1h) == lines{});
}

TEST_CASE("a statement that comes back broken ends as its worker says") {
  desk_bench desk;
  desk.execute(1, 1, 10s);
  desk.pass(11s);
  CHECK(desk.failed(1) == lines{"end 1 done"});
  CHECK(desk.pass(29s) == lines{});
}

TEST_CASE("a job without a limit may take for ever", "[T10]") {
  desk_bench desk;
  desk.execute(1, 1, duration::max());
  desk.open(2, duration::max());
  CHECK(desk.uut.next_wakeup() == never);
  CHECK(desk.pass(24h) == lines{});
}

TEST_CASE("a stuck statement leaves its place to the next", "[C12][trap-T58]") {
  desk_bench desk;
  desk.execute(1, 1, 1s);
  desk.execute(2, 2);
  CHECK(desk.pass(3s)
        == lines{"break 1", "end 1 stuck", "hire 2", "run 2 on 2"});
}

TEST_CASE("maintenance is not broken: its worker is lost two seconds late",
          "[C12][trap-T5]") {
  auto kind = GENERATE(job_kind::open, job_kind::probe, job_kind::reset,
                       job_kind::look, job_kind::close);
  desk_bench desk;
  desk.order(kind, kind == job_kind::look ? 0 : 1, 10s);
  CHECK(desk.pass(11999ms) == lines{});
  CHECK(desk.lost() == 0);
  CHECK_FALSE(desk.uut.at_rest());
  CHECK(desk.pass(1ms) == lines{});
  CHECK(desk.lost() == 1);
  CHECK(desk.uut.at_rest());
  CHECK(desk.uut.next_wakeup() == never);
}

TEST_CASE("a job that begins late has its time from the beginning") {
  desk_bench desk;
  desk.occupy(3);
  desk.probe(1, 1s);
  desk.wait(2500ms);
  CHECK(desk.finished(1) == lines{"end 1 done", "run 4 on 1"});
  CHECK(desk.given(4) == -1500ms);
  desk.pass(1999ms);
  CHECK(desk.lost() == 0);
  desk.pass(1ms);
  CHECK(desk.lost() == 1);
}

TEST_CASE("lost workers are replaced, up to three times the usual number",
          "[C12][trap-T58]") {
  desk_bench desk;
  for (std::uint64_t i = 1; i <= 9; ++i) {
    auto n = std::to_string(i);
    CHECK(desk.open(i, 1s) == lines{"hire " + n, "run " + n + " on " + n});
    if (i % 3 == 0)
      desk.pass(3s); // nobody of these comes back
  }
  CHECK(desk.lost() == 9);
  CHECK(desk.open(10, 1s) == lines{});
  CHECK(desk.pass(3s) == lines{"end 10 unserved"});
}

TEST_CASE("a statement beside nobody but lost workers ends at its deadline") {
  desk_bench desk;
  for (std::uint64_t i = 1; i <= 9; ++i) {
    desk.open(i, 1s);
    desk.pass(3s);
  }
  REQUIRE(desk.lost() == 9);
  CHECK(desk.execute(20, 20, 1s) == lines{});
  CHECK(desk.pass(1s) == lines{"end 10 unserved"});
  SECTION("and the first one that comes back does the next") {
    CHECK(desk.close(21) == lines{});
    CHECK(desk.finished(5) == lines{"end 5 done", "run 11 on 5"});
    CHECK(desk.lost() == 8);
    CHECK(desk.execute(22, 22) == lines{"hire 10", "run 12 on 10"});
  }
}

TEST_CASE("a worker that comes back late tells nobody, and works again",
          "[V14]") {
  desk_bench desk;
  desk.order(service(), 1, 1s);
  desk.pass(3s);
  CHECK(desk.finished(1) == lines{"end 1 late"});
  CHECK(desk.finished(1) == lines{});
  CHECK(desk.lost() == 0);
  CHECK(desk.execute(2, 2) == lines{"run 2 on 1"});
}

TEST_CASE("maintenance that comes back late is done all the same",
          "[trap-T5]") {
  desk_bench desk;
  desk.open(1, 1s);
  desk.pass(3s);
  CHECK(desk.finished(1) == lines{"end 1 done"});
  CHECK(desk.open(2) == lines{"run 2 on 1"});
}

TEST_CASE("workers that came back in excess end when there is no work") {
  desk_bench desk;
  for (std::uint64_t i = 1; i <= 3; ++i)
    desk.open(i, 1s);
  desk.pass(3s);
  desk.occupy(3);
  for (std::uint64_t i = 1; i <= 3; ++i)
    desk.finished(i);
  CHECK(desk.uut.workers().size() == 6);
  CHECK(desk.pass(30s) == lines{"dismiss 1", "dismiss 2", "dismiss 3"});
}

// -- the process stood still --------------------------------------------------

TEST_CASE("workers that were frozen get a second to come back") {
  desk_bench desk;
  desk.execute(1, 1, 10s); // to be broken in the eleventh second
  desk.open(2, 10s);       // to be given up in the twelfth
  SECTION("which is noticed by the timer") {
    desk.wait(16001ms);
    CHECK(desk.tick() == lines{});
  }
  SECTION("which is noticed by any other input") {
    desk.wait(16001ms);
    CHECK(desk.call_off(77) == lines{});
    CHECK(desk.tick() == lines{});
  }
  CHECK(desk.pass(999ms) == lines{});
  CHECK(desk.lost() == 0);
  CHECK(desk.pass(1ms) == lines{"break 1"});
  CHECK(desk.lost() == 1);
  CHECK(desk.pass(1s) == lines{"end 1 stuck"});
}

TEST_CASE("a timer that is five seconds late is no freeze") {
  desk_bench desk;
  desk.execute(1, 1, 10s);
  desk.wait(16s);
  CHECK(desk.tick() == lines{"break 1"});
  // The connection was broken just now, so that its time begins here.
  CHECK(desk.pass(999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"end 1 stuck"});
}

TEST_CASE("a freeze gives no time to what nobody began") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.execute(2, 2, 10s);
  desk.wait(1min);
  CHECK(desk.tick() == lines{"end 2 unserved"});
}

TEST_CASE("a freeze shortens no limit") {
  desk_bench desk;
  desk.execute(1, 1, 10s);
  desk.execute(2, 2, 1s); // the next that the timer is for
  desk.wait(7s);
  CHECK(desk.tick() == lines{"end 2 unserved"});
  CHECK(desk.pass(3999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"break 1"});
}

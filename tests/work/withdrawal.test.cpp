#include "work/desk_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

/// Both kinds of jobs that serve a caller.
job_kind service() {
  return GENERATE(job_kind::execute, job_kind::restrict);
}

} // namespace

TEST_CASE("a statement that waits for a worker is withdrawn unsent",
          "[C05][trap-T41]") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.order(service(), 2);
  desk.execute(3, 3);
  CHECK(desk.withdraw(2) == lines{"end 2 withdrawn"});
  CHECK_FALSE(desk.serves(2));
  CHECK(desk.withdraw(2) == lines{});
  CHECK(desk.finished(1) == lines{"end 1 done", "run 3 on 1"});
}

TEST_CASE("who has nothing at the desk withdraws nothing") {
  desk_bench desk;
  desk.open(1);
  CHECK(desk.withdraw(1) == lines{});
  CHECK(desk.finished(1) == lines{"end 1 done"});
}

TEST_CASE("a statement that runs is cancelled at the server", "[trap-T19]") {
  desk_bench desk;
  desk.order(service(), 1);
  CHECK(desk.withdraw(1) == lines{"stop 1 by 2", "hire 2", "run 2 on 2"});
  CHECK(desk.given(2) == 5s); // a reset's time
  CHECK(desk.serves(1));      // it has not ended
  CHECK(desk.finished(2) == lines{"end 2 done"});
  CHECK(desk.failed(1) == lines{"end 1 done"});
  CHECK_FALSE(desk.busy(1));
}

TEST_CASE("a statement is stopped once, however often it is withdrawn",
          "[trap-T19]") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.withdraw(1);
  CHECK(desk.withdraw(1) == lines{});
  desk.finished(2);
  CHECK(desk.withdraw(1) == lines{});
}

TEST_CASE("a statement that ends before its cancel was sent needs none") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.occupy(2);
  CHECK(desk.withdraw(1) == lines{"stop 1 by 4"});
  CHECK(desk.finished(1) == lines{"end 4 withdrawn", "end 1 done"});
  CHECK(desk.finished(2) == lines{"end 2 done"});
}

TEST_CASE("a cancel on its way keeps back the end of its statement",
          "[trap-T18][trap-T19]") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.withdraw(1);
  CHECK(desk.finished(1) == lines{});
  CHECK(desk.busy(1)); // or the cancel would hit the next holder
  CHECK_FALSE(desk.uut.at_rest());
  CHECK(desk.withdraw(1) == lines{});
  CHECK(desk.pass(4s) == lines{});
  CHECK(desk.finished(2) == lines{"end 2 done", "end 1 done"});
  CHECK_FALSE(desk.busy(1));
}

TEST_CASE("the worker of a statement whose cancel is on its way is free") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.execute(2, 2);
  desk.withdraw(1);
  CHECK(desk.finished(1) == lines{"run 2 on 1"});
}

TEST_CASE("a cancel that never returns breaks the connection", "[trap-T18]") {
  desk_bench desk;
  desk.execute(1, 1);
  SECTION("two seconds late, if the statement has ended") {
    desk.withdraw(1);
    desk.finished(1);
    CHECK(desk.pass(6999ms) == lines{});
    CHECK(desk.pass(1ms) == lines{"break 1", "end 1 done"});
  }
  SECTION("when the statement ends, if that takes longer") {
    desk.cancel(1, 5s);
    CHECK(desk.pass(7s) == lines{});
    REQUIRE(desk.lost() == 1);
    CHECK(desk.finished(1) == lines{"break 1", "end 1 done"});
  }
  CHECK(desk.lost() == 1);
  CHECK_FALSE(desk.busy(1));
  CHECK(desk.uut.at_rest());
  CHECK(desk.finished(2) == lines{"end 2 done"});
}

TEST_CASE("a server that minds no cancel keeps no connection") {
  desk_bench desk;
  desk.order(service(), 1);
  desk.pass(1s);
  desk.withdraw(1);
  SECTION("though the cancel arrived") {
    desk.finished(2);
    CHECK(desk.pass(5999ms) == lines{});
    CHECK(desk.pass(1ms) == lines{"break 1"});
  }
  SECTION("nor one that does not even take the cancel") {
    CHECK(desk.pass(5999ms) == lines{});
    CHECK(desk.pass(1ms) == lines{"break 1"});
  }
  CHECK(desk.pass(999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"end 1 stuck"});
  CHECK_FALSE(desk.busy(1));
}

TEST_CASE("to withdraw a statement does not prolong it") {
  desk_bench desk;
  desk.execute(1, 1, 2s);
  desk.withdraw(1);
  CHECK(desk.pass(2999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"break 1"});
  CHECK(desk.withdraw(1) == lines{});
  CHECK(desk.pass(1s) == lines{"end 1 stuck"});
}

TEST_CASE("a statement whose connection is broken is withdrawn in time") {
  desk_bench desk;
  desk.execute(1, 1, 1s);
  CHECK(desk.pass(2s) == lines{"break 1"});
  CHECK(desk.withdraw(1) == lines{"stop 1 by 2", "hire 2", "run 2 on 2"});
  CHECK(desk.pass(999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"end 1 stuck"});
  CHECK(desk.withdraw(1) == lines{});
}

TEST_CASE("a cancel that no worker begins does not stop the limits") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.occupy(2);
  desk.withdraw(1);
  CHECK(desk.pass(6s) == lines{"break 1"});
  SECTION("nor does it outlive its own") {
    CHECK(desk.pass(999ms) == lines{});
    CHECK(desk.pass(1ms) == lines{"end 1 stuck", "end 4 withdrawn"});
  }
  SECTION("nor its statement") {
    CHECK(desk.failed(1) == lines{"end 4 withdrawn", "end 1 done"});
  }
}

TEST_CASE("a new limit for cancels holds for the next one", "[F04]") {
  desk_bench desk;
  auto config = desk_bench::plain();
  config.reset_timeout = 20s;
  desk.configure(config);
  desk.execute(1, 1);
  desk.withdraw(1);
  CHECK(desk.given(2) == 20s);
  CHECK(desk.pass(20999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"break 1"});
}

TEST_CASE("a broken statement has its second, though its cancel had less") {
  desk_bench desk;
  desk.execute(1, 1, 10s);
  desk.pass(8s);
  desk.cancel(1, 1s);
  CHECK(desk.pass(3s) == lines{"break 1"});
  CHECK(desk.withdraw(1) == lines{"stop 1 by 2"});
  CHECK(desk.pass(999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"end 1 stuck"});
}

// -- cancels that the pool orders ---------------------------------------------

TEST_CASE("a cancel that the pool orders stops what runs on the connection") {
  desk_bench desk;
  desk.order(service(), 1, 1min);
  CHECK(desk.cancel(1, 3s) == lines{"hire 2", "run 2 on 2"});
  CHECK(desk.given(2) == 3s);
  CHECK(desk.finished(1) == lines{});
  CHECK(desk.finished(2) == lines{"end 2 done", "end 1 done"});
}

TEST_CASE("a cancel that the pool orders leaves the limit to the pool") {
  desk_bench desk;
  desk.execute(1, 1, 20s);
  desk.cancel(1, 3s);
  desk.finished(2);
  CHECK(desk.pass(20999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"break 1"});
}

TEST_CASE("a cancel before anything was sent ends the statement unsent") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.order(service(), 2);
  CHECK(desk.cancel(2) == lines{"end 2 withdrawn", "end 3 withdrawn"});
  CHECK(desk.finished(1) == lines{"end 1 done"});
}

TEST_CASE("a cancel that has nothing to stop is not sent") {
  desk_bench desk;
  SECTION("because nothing runs") {
    CHECK(desk.cancel(1) == lines{"end 1 withdrawn"});
  }
  SECTION("because maintenance runs") {
    desk.probe(1);
    CHECK(desk.cancel(1) == lines{"end 2 withdrawn"});
  }
  SECTION("because another one is on its way") {
    desk.execute(1, 1);
    desk.withdraw(1);
    CHECK(desk.cancel(1) == lines{"end 3 withdrawn"});
    CHECK(desk.finished(1) == lines{});
    CHECK(desk.cancel(1) == lines{"end 4 withdrawn"});
  }
  SECTION("because the statement is given up") {
    desk.execute(1, 1, 1s);
    desk.pass(3s);
    CHECK(desk.cancel(1) == lines{"end 2 withdrawn"});
  }
}

TEST_CASE("a statement whose cancel came back may be cancelled again") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.withdraw(1);
  desk.finished(2);
  CHECK(desk.cancel(1) == lines{"run 3 on 2"});
}

TEST_CASE("who withdraws beside the pool's cancel needs no second one") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.cancel(1, 3s);
  desk.pass(1s);
  CHECK(desk.withdraw(1) == lines{"stop 1 by 2"});
  desk.finished(2);
  CHECK(desk.pass(2999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"break 1"}); // the limit of that cancel counts
}

TEST_CASE(
  "who withdraws from a connection that is to be closed waits no longer "
  "than for its worker") {
  desk_bench desk;
  desk.execute(1, 1, 1min);
  desk.close(1); // whoever orders that has broken the connection
  CHECK(desk.withdraw(1) == lines{});
  CHECK(desk.pass(999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"break 1"});
  CHECK(desk.pass(1s) == lines{"end 1 stuck"});
}

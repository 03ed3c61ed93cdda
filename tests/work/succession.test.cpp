#include "work/desk_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

// What becomes of the work when another shell takes over.

TEST_CASE("statements that were not sent die with those who waited for them",
          "[trap-T41][trap-T63]") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.execute(2, 2);
  desk.restrict(3, 3);
  CHECK(desk.succeed() == lines{"end 2 withdrawn", "end 3 withdrawn"});
  CHECK(desk.succeed() == lines{});
  CHECK(desk.serves(1)); // its worker answers
  CHECK(desk.finished(1) == lines{"end 1 done"});
}

TEST_CASE("maintenance outlives the shell that ordered it", "[trap-T63]") {
  desk_bench desk;
  desk.occupy(3);
  desk.probe(1, 1min);
  desk.close(2);
  CHECK(desk.succeed() == lines{});
  CHECK(desk.finished(1) == lines{"end 1 done", "run 4 on 1"});
  CHECK(desk.given(4) == 1min);
  CHECK(desk.finished(2) == lines{"end 2 done", "run 5 on 2"});
}

TEST_CASE("a successor goes on with the workers and the limits of the last",
          "[trap-T63]") {
  desk_bench desk;
  desk.execute(1, 1, 10s);
  desk.open(2);
  desk.finished(2);
  desk.pass(5s);
  desk.succeed();
  CHECK(desk.probe(3)
        == lines{"run 3 on 2"}); // another number, the same worker
  CHECK(desk.pass(5999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"break 1"});
}

TEST_CASE("a statement that was being stopped is stopped", "[trap-T63]") {
  desk_bench desk;
  desk.execute(1, 1);
  SECTION("though its cancel waits for a worker") {
    desk.occupy(2);
    desk.withdraw(1);
    CHECK(desk.succeed() == lines{});
    CHECK(desk.finished(2) == lines{"end 2 done", "run 4 on 2"});
    CHECK(desk.finished(4) == lines{"end 4 done"});
    CHECK(desk.finished(1) == lines{"end 1 done"});
  }
  SECTION("though its cancel is on its way") {
    desk.withdraw(1);
    desk.finished(1);
    CHECK(desk.succeed() == lines{});
    CHECK(desk.finished(2) == lines{"end 2 done", "end 1 done"});
  }
}

TEST_CASE("a close that waits outlives its shell", "[trap-T63]") {
  desk_bench desk;
  desk.close_held(1);
  desk.succeed();
  CHECK(desk.pass(1s) == lines{"session over 1"});
  CHECK(desk.let_go(1) == lines{"hire 1", "run 1 on 1"});
}

TEST_CASE("a drain goes on where it was", "[S06][trap-T63]") {
  desk_bench desk;
  desk.drain(10s);
  SECTION("before its limit") {
    desk.pass(4s);
    CHECK(desk.succeed() == lines{});
    CHECK(desk.pass(5999ms) == lines{});
    CHECK(desk.pass(1ms) == lines{"shut down"});
  }
  SECTION("after its limit") {
    desk.pass(12s);
    CHECK(desk.succeed() == lines{});
    CHECK(desk.pass(2999ms) == lines{});
    CHECK(desk.pass(1ms) == lines{"answer drain"});
  }
}

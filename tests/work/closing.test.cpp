#include "work/desk_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

TEST_CASE("a connection on which nothing runs is closed at once") {
  desk_bench desk;
  CHECK_FALSE(desk.closes(1));
  CHECK(desk.close(1) == lines{"hire 1", "run 1 on 1"});
  CHECK(desk.closes(1));
  CHECK_FALSE(desk.closes(2));
  CHECK_FALSE(desk.busy(1)); // closing aside
  CHECK(desk.finished(1) == lines{"end 1 done"});
  CHECK_FALSE(desk.closes(1));
}

TEST_CASE("a close waits for the job on its connection") {
  auto kind = GENERATE(job_kind::open, job_kind::probe, job_kind::reset,
                       job_kind::execute, job_kind::restrict);
  desk_bench desk;
  desk.order(kind, 1);
  CHECK(desk.close(1) == lines{});
  CHECK(desk.closes(1));
  CHECK_FALSE(desk.uut.at_rest());
  CHECK(desk.pass(30min) == lines{});
  CHECK(desk.finished(1) == lines{"end 1 done", "run 2 on 1"});
}

TEST_CASE("a close does not wait for other connections") {
  desk_bench desk;
  desk.execute(1, 1);
  CHECK(desk.close(2) == lines{"hire 2", "run 2 on 2"});
}

TEST_CASE("a close waits for a cancel that is on its way", "[trap-T18]") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.withdraw(1);
  SECTION("also if the statement ends first") {
    CHECK(desk.close(1) == lines{});
    CHECK(desk.finished(1) == lines{});
    CHECK(desk.finished(2) == lines{"end 2 done", "end 1 done", "run 3 on 1"});
  }
  SECTION("also if the cancel comes back first") {
    CHECK(desk.close(1) == lines{});
    CHECK(desk.finished(2) == lines{"end 2 done"});
    CHECK(desk.finished(1) == lines{"end 1 done", "run 3 on 1"});
  }
  SECTION("also if the statement has ended") {
    CHECK(desk.finished(1) == lines{});
    CHECK(desk.close(1) == lines{});
    CHECK(desk.finished(2) == lines{"end 2 done", "end 1 done", "run 3 on 1"});
  }
}

TEST_CASE("a close waits for what nobody counts on any more", "[trap-T33]") {
  desk_bench desk;
  SECTION("a statement") {
    desk.execute(1, 1, 1s);
    desk.pass(3s);
    CHECK(desk.close(1) == lines{});
    CHECK(desk.uut.at_rest()); // which holds up nothing else
    CHECK(desk.finished(1) == lines{"end 1 late", "run 2 on 1"});
  }
  SECTION("a cancel") {
    desk.execute(1, 1);
    desk.withdraw(1);
    desk.finished(1);
    CHECK(desk.pass(7s) == lines{"break 1", "end 1 done"});
    CHECK(desk.close(1) == lines{});
    CHECK(desk.uut.at_rest());
    CHECK(desk.finished(2) == lines{"end 2 done", "run 3 on 1"});
  }
}

// -- holders ------------------------------------------------------------------

TEST_CASE("a close waits until its holder lets go", "[trap-T18]") {
  desk_bench desk;
  CHECK(desk.close_held(1) == lines{});
  CHECK(desk.closes(1));
  CHECK(desk.pass(500ms) == lines{});
  CHECK(desk.let_go(2) == lines{}); // somebody else
  CHECK(desk.let_go(1) == lines{"hire 1", "run 1 on 1"});
  CHECK(desk.let_go(1) == lines{});
  CHECK(desk.pass(10s) == lines{});
  CHECK(desk.finished(1) == lines{"end 1 done"});
  CHECK(desk.let_go(1) == lines{});
}

TEST_CASE("a close waits for the job and for the holder") {
  desk_bench desk;
  desk.execute(1, 1);
  CHECK(desk.close_held(1) == lines{});
  SECTION("whoever comes first") {
    CHECK(desk.finished(1) == lines{"end 1 done"});
    CHECK(desk.let_go(1) == lines{"run 2 on 1"});
  }
  SECTION("and the other way round") {
    CHECK(desk.let_go(1) == lines{});
    CHECK(desk.pass(2s) == lines{}); // no holder, nobody who lingers
    CHECK(desk.finished(1) == lines{"end 1 done", "run 2 on 1"});
  }
}

TEST_CASE("the session of a holder who does not let go is over after a second",
          "[S06]") {
  desk_bench desk;
  desk.close_held(1);
  CHECK(desk.pass(999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"session over 1"});
  CHECK(desk.closes(1));
  CHECK(desk.uut.at_rest());
  CHECK(desk.pass(1h) == lines{}); // told once
  CHECK(desk.let_go(1) == lines{"hire 1", "run 1 on 1"});
}

TEST_CASE("a session is over though a job runs on its connection, too") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.close_held(1);
  CHECK(desk.pass(1s) == lines{"session over 1"});
  CHECK(desk.finished(1) == lines{"end 1 done"});
  CHECK(desk.let_go(1) == lines{"run 2 on 1"});
}

// -- twice, and what was not sent ---------------------------------------------

TEST_CASE("a connection is closed once, however often that is ordered") {
  desk_bench desk;
  SECTION("while it waits") {
    desk.execute(1, 1);
    desk.close(1);
    CHECK(desk.close(1) == lines{"end 3 withdrawn"});
    CHECK(desk.close_held(1) == lines{"end 4 withdrawn"});
    CHECK(desk.finished(1) == lines{"end 1 done", "run 2 on 1"});
    CHECK(desk.finished(2) == lines{"end 2 done"});
  }
  SECTION("while it runs") {
    desk.close(1);
    CHECK(desk.close(1) == lines{"end 2 withdrawn"});
    CHECK(desk.finished(1) == lines{"end 1 done"});
  }
}

TEST_CASE("what was not sent to a connection that is closed is never sent") {
  desk_bench desk;
  SECTION("a statement") {
    desk.execute(1, 1);
    desk.execute(2, 2); // 2
    desk.restrict(3, 3);
    CHECK(desk.close(2) == lines{"end 2 disconnected", "hire 2", "run 4 on 2"});
    CHECK_FALSE(desk.serves(2));
    CHECK(desk.finished(1) == lines{"end 1 done", "run 3 on 1"});
  }
  SECTION("maintenance") {
    desk.occupy(3);
    desk.probe(2);
    CHECK(desk.close(2) == lines{"end 4 disconnected"});
  }
  SECTION("a cancel, beside its statement") {
    desk.execute(1, 1);
    desk.occupy(2);
    desk.withdraw(1);
    CHECK(desk.close(1) == lines{"end 4 disconnected"});
    CHECK(desk.finished(1) == lines{"end 1 done", "run 5 on 1"});
  }
  SECTION("though its holder does not let go") {
    desk.execute(1, 1);
    desk.execute(2, 2);
    CHECK(desk.close_held(2) == lines{"end 2 disconnected"});
  }
}

// -- deadlines ----------------------------------------------------------------

TEST_CASE("a close that waited has its time from then on") {
  desk_bench desk;
  SECTION("for a job") {
    desk.execute(1, 1);
    desk.close(1, 5s);
    desk.pass(10s);
    desk.finished(1);
    CHECK(desk.given(2) == 5s);
  }
  SECTION("for a holder") {
    desk.close_held(1, 5s);
    desk.pass(10s);
    desk.let_go(1);
    CHECK(desk.given(1) == 5s);
  }
}

TEST_CASE("a close never has less time than was ordered, or than is usual") {
  auto [limit, given] = GENERATE(
    table<duration, duration>({{1s, 5s}, {5s, 5s}, {6s, 6s}, {-1min, 5s}}));
  desk_bench desk;
  desk.close(1, limit);
  CHECK(desk.given(1) == given);
}

TEST_CASE("a close that waited is given up two seconds after its new limit",
          "[trap-T33]") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.close(1, 5s);
  desk.pass(10s);
  desk.finished(1);
  desk.pass(6999ms);
  CHECK_FALSE(desk.uut.at_rest());
  desk.pass(1ms);
  CHECK(desk.uut.at_rest());
  CHECK(desk.lost() == 1);
  CHECK(desk.finished(2) == lines{"end 2 done"});
}

#include "work/desk_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

pool_config shedding(bool on = true) {
  auto result = desk_bench::plain();
  result.shed_overload = on;
  return result;
}

/// A desk that knows that statements take a second, whose only worker for them
/// is busy with job 2.
struct taught_desk : desk_bench {
  explicit taught_desk(const pool_config& config = shedding())
    : desk_bench(config) {
    execute(1, 1);
    finished(1, 1s);
    execute(2, 2);
  }

  /// The worker comes back, having taken the usual time.
  lines come_back() {
    return finished(2, 1s);
  }
};

} // namespace

TEST_CASE("a statement that would hardly end in time makes way for the next",
          "[trap-T14]") {
  taught_desk desk;
  desk.execute(3, 3, 1499ms);
  desk.execute(4, 4, 1500ms); // half as long again as they take
  desk.execute(5, 5, 1min);
  CHECK(desk.come_back() == lines{"end 2 done", "end 3 hurried", "run 4 on 1"});
  CHECK(desk.hurried.left == 1499ms);
  CHECK(desk.hurried.needed == 1s);
  CHECK_FALSE(desk.serves(3));
  CHECK_FALSE(desk.busy(3));
}

TEST_CASE("what counts is the time that is left when a worker is free",
          "[trap-T14]") {
  taught_desk desk;
  desk.execute(3, 3, 4s);
  desk.execute(4, 4, 1min);
  SECTION("just enough") {
    desk.pass(2500ms);
    CHECK(desk.come_back() == lines{"end 2 done", "run 3 on 1"});
  }
  SECTION("not enough") {
    desk.pass(2501ms);
    CHECK(desk.come_back()
          == lines{"end 2 done", "end 3 hurried", "run 4 on 1"});
    CHECK(desk.hurried.left == 1499ms);
  }
}

TEST_CASE("no statement is turned away while nobody else waits") {
  taught_desk desk;
  desk.execute(3, 3, 1s);
  desk.execute(4, 4, 1s);
  CHECK(desk.come_back() == lines{"end 2 done", "end 3 hurried", "run 4 on 1"});
}

TEST_CASE("callers who wait for a connection wait for the worker, too") {
  taught_desk desk;
  desk.execute(3, 3, 1s);
  SECTION("while they do") {
    desk.uut.note_waiters(true);
    CHECK(desk.come_back() == lines{"end 2 done", "end 3 hurried"});
  }
  SECTION("and no longer") {
    desk.uut.note_waiters(true);
    desk.uut.note_waiters(false);
    CHECK(desk.come_back() == lines{"end 2 done", "run 3 on 1"});
  }
}

TEST_CASE("a statement is turned away though a worker is free", "[trap-T14]") {
  taught_desk desk;
  desk.come_back();
  desk.uut.note_waiters(true);
  CHECK(desk.execute(3, 3, 1499ms) == lines{"end 3 hurried"});
  CHECK(desk.execute(4, 4, 1500ms) == lines{"run 4 on 1"});
}

TEST_CASE("a statement on a lease is never turned away") {
  taught_desk desk;
  desk.execute_on_lease(3, 3, 1s);
  desk.execute(4, 4);
  CHECK(desk.come_back() == lines{"end 2 done", "run 3 on 1"});
}

TEST_CASE("a connection for reading is never refused for want of time") {
  taught_desk desk;
  desk.restrict(3, 3, 1s);
  desk.execute(4, 4);
  CHECK(desk.come_back() == lines{"end 2 done", "run 3 on 1"});
}

TEST_CASE("without shedding no statement is turned away", "[F04]") {
  taught_desk desk{shedding(false)};
  desk.execute(3, 3, 1s);
  desk.execute(4, 4, 1s);
  SECTION("from the beginning") {
    CHECK(desk.come_back() == lines{"end 2 done", "run 3 on 1"});
  }
  SECTION("until the setting changes") {
    desk.configure(shedding(true));
    CHECK(desk.come_back()
          == lines{"end 2 done", "end 3 hurried", "run 4 on 1"});
  }
}

TEST_CASE("nothing is turned away while nothing is known") {
  desk_bench desk{shedding()};
  desk.execute(1, 1);
  desk.execute(2, 2, 1ms);
  desk.execute(3, 3);
  SECTION("because no statement has ended") {
    CHECK(desk.failed(1) == lines{"end 1 done", "run 2 on 1"});
  }
  SECTION("because they are short") {
    CHECK(desk.finished(1, 100us) == lines{"end 1 done", "run 2 on 1"});
  }
}

TEST_CASE("failed statements and other jobs teach nothing") {
  desk_bench desk{shedding()};
  desk.uut.note_waiters(true);
  desk.open(1);
  desk.finished(1, 1min);
  desk.restrict(2, 2);
  desk.finished(2, 1min);
  desk.execute(3, 3);
  desk.wait(1min);
  desk.failed(3);
  CHECK(desk.execute(4, 4, 1ms) == lines{"run 4 on 1"});
}

TEST_CASE("a statement that was given up teaches how long it took") {
  desk_bench desk{shedding()};
  desk.uut.note_waiters(true);
  desk.execute(1, 1, 1s);
  desk.pass(3s);
  CHECK(desk.finished(1, 3s) == lines{"end 1 late"});
  CHECK(desk.execute(2, 2, 4499ms) == lines{"end 2 hurried"});
  CHECK(desk.execute(3, 3, 4500ms) == lines{"run 3 on 1"});
}

TEST_CASE("callers who allow more teach nothing about others") {
  desk_bench desk{shedding()};
  desk.uut.note_waiters(true);
  desk.execute_within(1, 1, 1min, 1min);
  desk.finished(1, 20s);
  CHECK(desk.execute_within(2, 2, 1s, 1s) == lines{"run 2 on 1"});
  desk.finished(2, 1ms);
  CHECK(desk.execute_within(3, 3, 1min, 29s) == lines{"end 3 hurried"});
}

TEST_CASE("what was learnt is forgotten after ten seconds") {
  taught_desk desk;
  desk.execute(3, 3, 11s);
  desk.execute(4, 4);
  SECTION("not before") {
    desk.pass(10s);
    CHECK(desk.failed(2) == lines{"end 2 done", "end 3 hurried", "run 4 on 1"});
  }
  SECTION("but then") {
    desk.pass(10001ms);
    CHECK(desk.failed(2) == lines{"end 2 done", "run 3 on 1"});
  }
}

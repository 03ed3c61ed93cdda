#include "work/desk_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

pool_config with_workers(std::uint32_t n) {
  auto result = desk_bench::plain();
  result.workers = n;
  return result;
}

} // namespace

TEST_CASE("a worker is hired when there is something to do") {
  desk_bench desk;
  CHECK(desk.uut.workers().empty());
  CHECK(desk.open(1, 30s) == lines{"hire 1", "run 1 on 1"});
  CHECK(desk.given(1) == 30s);
  CHECK(desk.busy(1));
  CHECK_FALSE(desk.uut.at_rest());
  CHECK(desk.open(2) == lines{"hire 2", "run 2 on 2"});
  CHECK(desk.finished(1) == lines{"end 1 done"});
  CHECK_FALSE(desk.busy(1));
  CHECK(desk.finished(2) == lines{"end 2 done"});
  CHECK(desk.uut.at_rest());
}

TEST_CASE("a worker that is back gets the next job") {
  desk_bench desk;
  desk.occupy(2);
  desk.finished(2);
  CHECK(desk.probe(1) == lines{"run 3 on 2"});
  CHECK(desk.probe(2) == lines{"hire 3", "run 4 on 3"});
}

TEST_CASE("a failed job is done, too") {
  desk_bench desk;
  desk.open(1);
  CHECK(desk.failed(1) == lines{"end 1 done"});
  CHECK(desk.open(2) == lines{"run 2 on 1"});
}

TEST_CASE("two workers are hired beyond those for statements") {
  auto n = GENERATE(1u, 4u);
  desk_bench desk{with_workers(n)};
  desk.occupy(n + 2);
  auto next = std::to_string(n + 3);
  CHECK(desk.probe(1) == lines{});
  CHECK(desk.finished(2) == lines{"end 2 done", "run " + next + " on 2"});
}

TEST_CASE("what is not known to run changes nothing when it comes back",
          "[trap-T58]") {
  desk_bench desk;
  CHECK(desk.finished(77) == lines{});
  desk.execute(1, 1);
  desk.execute(2, 2);
  CHECK(desk.finished(2) == lines{}); // it waits yet
  CHECK(desk.finished(1) == lines{"end 1 done", "run 2 on 1"});
  CHECK(desk.finished(1) == lines{});
  CHECK(desk.serves(2));
}

TEST_CASE("maintenance goes first, a look last") {
  desk_bench desk;
  desk.occupy(3);
  desk.look();        // 4
  desk.execute(1, 1); // 5
  desk.probe(2);      // 6
  desk.execute(3, 3); // 7
  desk.reset(4);      // 8
  CHECK(desk.finished(1) == lines{"end 1 done", "run 6 on 1"});
  CHECK(desk.finished(2) == lines{"end 2 done", "run 8 on 2"});
  CHECK(desk.finished(3) == lines{"end 3 done", "run 5 on 3"});
  CHECK(desk.finished(5) == lines{"end 5 done", "run 7 on 3"});
  CHECK(desk.finished(6) == lines{"end 6 done"});
  CHECK(desk.finished(8) == lines{"end 8 done", "run 4 on 1"});
}

TEST_CASE("jobs of every kind but two go first, in the order of coming") {
  auto kind = GENERATE(job_kind::open, job_kind::probe, job_kind::reset,
                       job_kind::close);
  desk_bench desk;
  desk.occupy(3);
  desk.restrict(1, 1);
  desk.order(kind, 2);
  desk.probe(3);
  CHECK(desk.finished(1) == lines{"end 1 done", "run 5 on 1"});
  CHECK(desk.finished(2) == lines{"end 2 done", "run 6 on 2"});
  CHECK(desk.finished(3) == lines{"end 3 done", "run 4 on 3"});
}

TEST_CASE("so many statements run as the pool has workers", "[trap-T15]") {
  auto kind = GENERATE(job_kind::execute, job_kind::restrict);
  desk_bench desk{with_workers(2)};
  CHECK(desk.order(kind, 1) == lines{"hire 1", "run 1 on 1"});
  CHECK(desk.execute(2, 2) == lines{"hire 2", "run 2 on 2"});
  CHECK(desk.order(kind, 3) == lines{});
  CHECK(desk.execute(4, 4) == lines{});
  CHECK(desk.finished(2) == lines{"end 2 done", "run 3 on 2"});
  CHECK(desk.finished(1) == lines{"end 1 done", "run 4 on 1"});
}

TEST_CASE("maintenance never waits behind statements", "[trap-T58]") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.execute(2, 2);
  CHECK(desk.open(3) == lines{"hire 2", "run 3 on 2"});
  CHECK(desk.close(4) == lines{"hire 3", "run 4 on 3"});
  CHECK(desk.finished(3) == lines{"end 3 done"}); // not for a statement
}

TEST_CASE("a look leaves a worker for maintenance") {
  desk_bench desk;
  desk.execute(1, 1);
  CHECK(desk.look() == lines{"hire 2", "run 2 on 2"});
  CHECK(desk.look() == lines{});
  CHECK(desk.probe(2) == lines{"hire 3", "run 4 on 3"});
  CHECK(desk.finished(4) == lines{"end 4 done"});
  CHECK(desk.finished(1) == lines{"end 1 done", "run 3 on 1"});
}

TEST_CASE("a look waits behind statements that came later") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.open(2);
  desk.look();        // 3
  desk.execute(3, 3); // 4
  // Either could run now, but not both.
  CHECK(desk.finished(1) == lines{"end 1 done", "run 4 on 1"});
  CHECK(desk.finished(4) == lines{"end 4 done", "run 3 on 1"});
}

TEST_CASE("a worker that is lost is none that a look could leave") {
  desk_bench desk;
  desk.open(1, 1s);
  desk.execute(2, 2);
  CHECK(desk.pass(3s) == lines{});
  REQUIRE(desk.lost() == 1);
  CHECK(desk.look() == lines{"hire 3", "run 3 on 3"});
  CHECK(desk.look() == lines{});
}

TEST_CASE("a worker without work ends after half a minute") {
  desk_bench desk;
  desk.occupy(2);
  desk.finished(1);
  CHECK(desk.pass(10s) == lines{});
  desk.finished(2);
  CHECK(desk.pass(19999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"dismiss 1"});
  CHECK(desk.pass(9999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"dismiss 2"});
  CHECK(desk.uut.next_wakeup() == never);
  CHECK(desk.open(1) == lines{"hire 3", "run 3 on 3"});
}

TEST_CASE("a worker that works is not dismissed, however long it takes") {
  desk_bench desk;
  desk.open(1);
  desk.finished(1);
  desk.pass(20s);
  desk.open(2);
  CHECK(desk.pass(50min) == lines{});
  desk.finished(2);
  CHECK(desk.pass(29999ms) == lines{});
  CHECK(desk.pass(1ms) == lines{"dismiss 1"});
}

TEST_CASE("what waits begins at once when there may be more workers", "[F04]") {
  desk_bench desk;
  desk.execute(1, 1);
  desk.execute(2, 2);
  desk.execute(3, 3);
  CHECK(desk.configure(with_workers(2)) == lines{"hire 2", "run 2 on 2"});
  CHECK(desk.configure(with_workers(2)) == lines{});
}

TEST_CASE("fewer workers end no statement, but begin none", "[F04]") {
  desk_bench desk{with_workers(2)};
  desk.execute(1, 1);
  desk.execute(2, 2);
  desk.execute(3, 3);
  CHECK(desk.configure(with_workers(1)) == lines{});
  CHECK(desk.finished(1) == lines{"end 1 done"});
  CHECK(desk.finished(2) == lines{"end 2 done", "run 3 on 1"});
}

TEST_CASE("fewer workers are hired with smaller settings", "[F04]") {
  desk_bench desk{with_workers(3)};
  desk.occupy(3);
  desk.configure(with_workers(1));
  CHECK(desk.probe(1) == lines{});
  CHECK(desk.finished(2) == lines{"end 2 done", "run 4 on 2"});
}

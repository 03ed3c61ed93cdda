#include "work/desk_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

TEST_CASE("an opening that nobody wants any more ends unsent") {
  desk_bench desk;
  desk.occupy(3);
  desk.open(1);
  SECTION("called off") {
    CHECK(desk.call_off(1) == lines{"end 4 withdrawn"});
  }
  SECTION("aborted") {
    CHECK(desk.abort_opening(1) == lines{"end 4 withdrawn"});
  }
  CHECK(desk.call_off(1) == lines{});
  CHECK(desk.finished(1) == lines{"end 1 done"});
}

TEST_CASE("the worker of an opening is told, and answers", "[trap-T5]") {
  desk_bench desk;
  desk.open(1);
  SECTION("that it should not begin") {
    CHECK(desk.call_off(1) == lines{"call off 1"});
    CHECK(desk.abort_opening(1) == lines{"abort opening 1"}); // in earnest
  }
  SECTION("that it should not go on") {
    CHECK(desk.abort_opening(1) == lines{"abort opening 1"});
  }
  CHECK(desk.busy(1));
  CHECK(desk.failed(1) == lines{"end 1 done"});
}

TEST_CASE("only openings are called off") {
  auto kind = GENERATE(job_kind::probe, job_kind::reset, job_kind::execute,
                       job_kind::close);
  desk_bench desk;
  desk.order(kind, 1);
  CHECK(desk.call_off(1) == lines{});
  CHECK(desk.abort_opening(1) == lines{});
  CHECK(desk.abort_opening(2) == lines{});
  CHECK(desk.finished(1) == lines{"end 1 done"});
}

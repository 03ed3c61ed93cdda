#include "caf_pool/machine/policy/codel.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

// 50 ms target, 2 s interval, its first interval begun at 0, and somebody got
// nothing in it.
codel started() {
  codel result{50ms, 2s};
  result.advance(0s, at(0s));
  result.refused();
  return result;
}

} // namespace

TEST_CASE("a queue is calm until an interval has ended", "[Z15]") {
  auto uut = codel{50ms, 2s};
  uut.observe(1h);
  uut.refused();
  uut.advance(1h, at(0s));
  CHECK_FALSE(uut.slow());
  CHECK(uut.interval_end() == at(2s));
  uut.observe(1h);
  uut.refused();
  uut.advance(1h, at(2s - 1ns));
  CHECK_FALSE(uut.slow());
  uut.advance(1h, at(2s));
  CHECK(uut.slow());
  CHECK(uut.interval_end() == at(4s));
}

TEST_CASE("even the shortest wait of an interval must exceed the target",
          "[Z15][trap-T14]") {
  auto uut = started();
  uut.observe(500ms);
  SECTION("one short wait keeps it calm") {
    uut.observe(50ms);
    uut.observe(500ms);
    uut.advance(500ms, at(2s));
    CHECK_FALSE(uut.slow());
  }
  SECTION("none makes it slow") {
    uut.observe(51ms);
    uut.observe(500ms);
    uut.advance(0s, at(2s));
    CHECK(uut.slow());
    CHECK(uut.tolerated_wait() == 100ms);
  }
}

TEST_CASE("a slow queue calms down by one short wait in an interval", "[Z15]") {
  auto uut = started();
  uut.observe(500ms);
  uut.advance(0s, at(2s));
  REQUIRE(uut.slow());
  uut.observe(0s);
  CHECK(uut.slow()); // judged when the interval ends
  uut.advance(0s, at(4s));
  CHECK_FALSE(uut.slow());
}

TEST_CASE("if nobody is served, the head of the queue counts") {
  auto uut = started();
  SECTION("it has waited too long") {
    uut.advance(2s, at(2s));
    CHECK(uut.slow());
  }
  SECTION("it came just now") {
    uut.advance(50ms, at(2s));
    CHECK_FALSE(uut.slow());
  }
}

TEST_CASE("waits from before a quiet time say nothing about now") {
  auto uut = started();
  uut.observe(500ms);
  uut.advance(0s, at(4s)); // looked at a whole interval too late
  CHECK_FALSE(uut.slow());
}

TEST_CASE("a queue that turns nobody away is busy, however long they wait",
          "[Z15]") {
  codel uut{50ms, 2s};
  uut.advance(0s, at(0s));
  for (int i = 1; i <= 100; ++i) {
    uut.observe(1min);
    uut.advance(1min, at(i * 2s));
    CHECK_FALSE(uut.slow());
  }
}

TEST_CASE("fewer than one of eight turned away are no overload") {
  codel uut{50ms, 2s};
  uut.advance(0s, at(0s));
  uut.refused();
  auto served = GENERATE(7, 8);
  for (int i = 0; i < served; ++i)
    uut.observe(1s);
  uut.advance(1s, at(2s));
  CHECK(uut.slow() == (served == 7));
}

TEST_CASE("those turned away count for fifteen intervals", "[Z15]") {
  auto uut = started();
  for (int i = 1; i <= 16; ++i) {
    uut.observe(1s);
    uut.advance(1s, at(i * 2s));
    CHECK(uut.slow() == (i <= 15));
  }
}

TEST_CASE("new settings of an overload take effect with the next interval") {
  auto uut = started();
  uut.configure(1s, 10s);
  uut.observe(500ms);
  uut.advance(0s, at(2s));
  CHECK_FALSE(uut.slow());
  CHECK(uut.interval_end() == at(12s));
  CHECK(uut.tolerated_wait() == 2s);
}

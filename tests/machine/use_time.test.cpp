#include "caf_pool/machine/policy/use_time.hpp"

#include "caf_pool/core/random.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <algorithm>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

TEST_CASE("nothing is known before the first use") {
  use_time uut;
  CHECK(uut.typical(at(0s)) == 0s);
  CHECK(uut.typical(at(1h)) == 0s);
  uut.note(10ms, at(1h));
  CHECK(uut.typical(at(1h)) == 10ms);
}

TEST_CASE("three of four uses end sooner than the estimate") {
  use_time uut;
  auto dice = random_source{7};
  std::vector<duration> estimates;
  for (int i = 0; i < 4000; ++i) {
    uut.note(dice.between(10ms, 20ms), at(i * 1ms));
    if (i >= 1000)
      estimates.push_back(uut.typical(at(i * 1ms)));
  }
  std::sort(estimates.begin(), estimates.end());
  auto middle = estimates[estimates.size() / 2];
  CHECK(middle > 16ms);
  CHECK(middle < 19ms);
}

TEST_CASE("a single long use hardly counts") {
  use_time uut;
  for (int i = 0; i < 100; ++i)
    uut.note(10ms, at(i * 1ms));
  uut.note(1h, at(100ms));
  CHECK(uut.typical(at(100ms)) < 13ms);
}

TEST_CASE("a new habit is learnt within some dozens of uses") {
  use_time uut;
  for (int i = 0; i < 100; ++i)
    uut.note(1s, at(i * 1ms));
  auto n = 0;
  while (uut.typical(at(1s)) > 20ms && n < 1000)
    uut.note(10ms, at(1s)), ++n;
  CHECK(n < 80);
  n = 0;
  while (uut.typical(at(1s)) < 900ms && n < 1000)
    uut.note(1s, at(1s)), ++n;
  CHECK(n < 40);
}

TEST_CASE("an estimate grows from next to nothing, too") {
  use_time uut;
  uut.note(0s, at(0s));
  auto n = 0;
  while (uut.typical(at(0s)) < 9ms && n < 1000)
    uut.note(10ms, at(0s)), ++n;
  CHECK(n < 40);
}

TEST_CASE("what was learnt long ago is forgotten") {
  use_time uut;
  SECTION("after ten seconds") {
    uut.note(10ms, at(0s));
    CHECK(uut.typical(at(10s)) == 10ms);
    CHECK(uut.typical(at(10s + 1ns)) == 0s);
    uut.note(1ms, at(20s));
    CHECK(uut.typical(at(20s)) == 1ms);
  }
  SECTION("or after four uses, if that is longer") {
    uut.note(1min, at(1min));
    CHECK(uut.typical(at(5min)) == 1min);
    CHECK(uut.typical(at(5min + 1ns)) == 0s);
  }
}

TEST_CASE("callers who allow a minute say nothing about those who allow less") {
  use_times uut;
  uut.note(1min, 20s, at(0s));
  CHECK(uut.typical(1s, at(0s)) == 0s);
  uut.note(1s, 10ms, at(0s));
  CHECK(uut.typical(1s, at(0s)) == 10ms);
  CHECK(uut.typical(900ms, at(0s)) == 10ms);
  CHECK(uut.typical(1min, at(0s)) == 20s);
  CHECK(uut.typical(duration::max(), at(0s)) == 0s);
}

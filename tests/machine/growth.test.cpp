#include "caf_pool/machine/policy/growth.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <cstdint>
#include <limits>

using namespace caf_pool;
using namespace std::chrono_literals;

TEST_CASE("a wait grows by its factor up to the cap") {
  CHECK(grown(500ms, 2.0, 0, 30s) == 500ms);
  CHECK(grown(500ms, 2.0, 1, 30s) == 1s);
  CHECK(grown(500ms, 2.0, 2, 30s) == 2s);
  CHECK(grown(500ms, 2.0, 5, 30s) == 16s);
  CHECK(grown(500ms, 2.0, 6, 30s) == 30s);
  CHECK(grown(100ms, 1.5, 2, 30s) == 225ms);
}

TEST_CASE("no number of steps overflows a wait") {
  CHECK(grown(1s, 10.0, 1000, 30s) == 30s);
  CHECK(grown(1s, 2.0, std::numeric_limits<std::uint32_t>::max(), 30s) == 30s);
  CHECK(grown(1s, 2.0, 63, duration::max()) == duration::max());
}

TEST_CASE("senseless settings of a growing wait do no harm") {
  CHECK(grown(0s, 10.0, 1000, 30s) == 0s);
  CHECK(grown(-1s, 2.0, 3, 30s) == 0s);
  CHECK(grown(1s, 0.5, 3, 30s) == 1s);
  CHECK(grown(1s, std::numeric_limits<double>::quiet_NaN(), 3, 30s) <= 30s);
  CHECK(grown(1s, 2.0, 3, -1s) == 0s);
  CHECK(grown(1min, 2.0, 0, 30s) == 30s);
}

TEST_CASE("a percentage is exact and does not overflow") {
  CHECK(percent_of(200ns, 5) == 10ns);
  CHECK(percent_of(199ns, 50) == 99ns);
  CHECK(percent_of(99ns, 1) == 0ns);
  CHECK(percent_of(duration::max(), 100) == duration::max());
  CHECK(percent_of(1h, 0) == 0s);
}

TEST_CASE("a wait never shrinks with more steps and never exceeds the cap") {
  CHECK(rc::check("grown", [] {
    auto start = duration{*rc::gen::inRange<std::int64_t>(0, 1000000000000)};
    auto cap = duration{*rc::gen::inRange<std::int64_t>(0, 1000000000000)};
    auto factor = 1.0 + *rc::gen::inRange(0, 90) / 10.0;
    auto steps = *rc::gen::inRange<std::uint32_t>(0, 100);
    auto x = grown(start, factor, steps, cap);
    RC_ASSERT(x <= cap);
    RC_ASSERT(x <= grown(start, factor, steps + 1, cap));
  }));
}

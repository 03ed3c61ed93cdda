#include "caf_pool/machine/policy/backoff.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

backoff make(std::uint64_t seed = 1, const backoff_config& config = {}) {
  return backoff{config, random_source{seed}};
}

// The delay after the n-th failure in a row, drawn with many seeds, sorted.
std::vector<duration> delays_after(int n) {
  std::vector<duration> result;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    auto uut = make(seed);
    for (int i = 1; i < n; ++i)
      uut.failed(at(0s));
    result.push_back(uut.failed(at(0s)) - at(0s));
  }
  std::sort(result.begin(), result.end());
  return result;
}

} // namespace

TEST_CASE("a fresh backoff lets the first attempt pass at once") {
  auto uut = make();
  CHECK(uut.may_try(at(0s)));
  CHECK(uut.failures() == 0);
  CHECK_FALSE(uut.exhausted());
}

TEST_CASE("a failed attempt makes the next one wait") {
  auto uut = make();
  auto next = uut.failed(at(0s));
  CHECK(next == uut.next_attempt());
  CHECK(next > at(0s));
  CHECK_FALSE(uut.may_try(next - 1ns));
  CHECK(uut.may_try(next));
}

TEST_CASE("the default delays are bounded by 0.5 s, doubled, up to 30 s",
          "[trap-T36]") {
  std::array<duration, 8> bounds{500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s};
  for (int n = 1; n <= 8; ++n) {
    auto xs = delays_after(n);
    auto bound = bounds[static_cast<std::size_t>(n - 1)];
    INFO("failure " << n);
    CHECK(xs.front() >= 10ms);
    CHECK(xs.back() <= bound);
    // So many draws come close to both ends.
    CHECK(xs.front() < 10ms + bound / 100);
    CHECK(xs.back() > bound - bound / 100);
  }
}

TEST_CASE("the jitter is full: all delays up to the bound are equally likely",
          "[trap-T36]") {
  auto xs = delays_after(4); // between 10 ms and 4 s
  // Kolmogorov-Smirnov: the greatest distance between the drawn and the even
  // distribution, 1.63 / sqrt(2000) at a significance of 1 %.
  auto worst = 0.0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    auto even = static_cast<double>((xs[i] - 10ms).count())
                / static_cast<double>(duration{3990ms}.count());
    auto drawn = static_cast<double>(i) / static_cast<double>(xs.size());
    worst = std::max(worst, std::abs(even - drawn));
  }
  CHECK(worst < 0.0365);
}

TEST_CASE("a delay stays within the floor and the grown bound", "[trap-T36]") {
  CHECK(rc::check("bounds", [](std::uint64_t seed) {
    backoff_config config;
    config.start = duration{*rc::gen::inRange<std::int64_t>(0, 10000000000)};
    config.cap = duration{*rc::gen::inRange<std::int64_t>(0, 100000000000)};
    config.floor = duration{*rc::gen::inRange<std::int64_t>(0, 20000000)};
    config.factor = 1.0 + *rc::gen::inRange(0, 30) / 10.0;
    auto uut = make(seed, config);
    auto now = at(0s);
    for (int i = 0; i < 50; ++i) {
      auto delay = uut.failed(now) - now;
      RC_ASSERT(delay >= config.floor);
      RC_ASSERT(delay <= std::max(config.cap, config.floor));
      now += delay;
    }
  }));
}

TEST_CASE("success resets the backoff, nothing else does", "[trap-T37]") {
  auto uut = make();
  for (int i = 0; i < 10; ++i)
    uut.failed(at(0s));
  CHECK(uut.failures() == 10);
  CHECK_FALSE(uut.may_try(at(0s)));
  uut.succeeded();
  CHECK(uut.failures() == 0);
  CHECK(uut.may_try(at(0s)));
  CHECK(uut.failed(at(0s)) <= at(500ms));
}

TEST_CASE("a pool counts as down after the configured failures in a row") {
  auto uut = make();
  for (int i = 0; i < 4; ++i)
    uut.failed(at(0s));
  CHECK_FALSE(uut.exhausted());
  uut.failed(at(0s));
  CHECK(uut.exhausted());
  uut.failed(at(0s)); // goes on trying
  CHECK(uut.exhausted());
  CHECK(uut.next_attempt() <= at(30s));
  uut.succeeded();
  CHECK_FALSE(uut.exhausted());
}

TEST_CASE("a backoff outlives the restart of its owner", "[trap-T37]") {
  auto uut = make(1);
  for (int i = 0; i < 7; ++i)
    uut.failed(at(0s));
  auto successor = make(2);
  successor.restore(uut.remember());
  CHECK(successor.remember() == uut.remember());
  CHECK(successor.failures() == 7);
  CHECK(successor.next_attempt() == uut.next_attempt());
  CHECK_FALSE(successor.may_try(uut.next_attempt() - 1ns));
}

TEST_CASE("whoever knows that the server is back ends the wait", "[trap-T38]") {
  auto uut = make();
  for (int i = 0; i < 10; ++i)
    uut.failed(at(0s));
  REQUIRE_FALSE(uut.may_try(at(1ms)));
  uut.hurry(at(1ms));
  CHECK(uut.may_try(at(1ms)));
  SECTION("and the delays grow from the start again") {
    CHECK(uut.failed(at(1ms)) <= at(501ms));
    CHECK(uut.failed(at(1ms)) <= at(1001ms));
  }
  SECTION("but the pool stays down until a success proves it") {
    CHECK(uut.failures() == 10);
    CHECK(uut.exhausted());
  }
  SECTION("and hurrying never postpones an attempt") {
    uut.hurry(at(1h));
    CHECK(uut.next_attempt() == at(1ms));
  }
}

TEST_CASE("a changed backoff takes effect with the next failure") {
  auto uut = make();
  uut.failed(at(0s));
  auto planned = uut.next_attempt();
  backoff_config faster;
  faster.start = 20ms;
  faster.cap = 20ms;
  uut.configure(faster);
  CHECK(uut.next_attempt() == planned);
  for (int i = 0; i < 20; ++i)
    CHECK(uut.failed(at(0s)) <= at(20ms));
}

TEST_CASE("no number of failures overflows a backoff") {
  auto most = std::numeric_limits<std::uint32_t>::max();
  auto uut = make();
  uut.restore({most, most, at(0s)});
  CHECK(uut.failed(at(0s)) <= at(30s));
  CHECK(uut.failures() == most);
}

TEST_CASE("a failure at the end of time does not overflow") {
  auto uut = make();
  CHECK(uut.failed(never - 1ns) == never);
}

TEST_CASE("without jitter each delay is the largest of its step") {
  auto config = backoff_config{};
  config.start = 100ms;
  config.factor = 2;
  config.cap = 500ms;
  config.floor = 150ms;
  config.jitter = false;
  backoff uut{config, random_source{7}};
  for (auto delay : {150ms, 200ms, 400ms, 500ms, 500ms})
    CHECK(uut.failed(at(0s)) == at(delay));
}

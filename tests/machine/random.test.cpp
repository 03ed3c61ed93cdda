#include "caf_pool/core/random.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <array>
#include <cstdint>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

TEST_CASE("the same seed yields the same numbers on every platform") {
  // The reference values of SplitMix64 for this seed.
  random_source uut{1234567};
  CHECK(uut.next() == 6457827717110365317u);
  CHECK(uut.next() == 3203168211198807973u);
  CHECK(uut.next() == 9817491932198370423u);
}

TEST_CASE("a split source goes its own way") {
  random_source uut{1};
  auto other = uut.split();
  std::vector<std::uint64_t> xs;
  std::vector<std::uint64_t> ys;
  for (int i = 0; i < 100; ++i) {
    xs.push_back(uut.next());
    ys.push_back(other.next());
  }
  CHECK(xs != ys);
}

TEST_CASE("a number below a limit is below it") {
  CHECK(rc::check("below", [](std::uint64_t seed, std::uint64_t limit) {
    random_source uut{seed};
    auto x = uut.below(limit);
    RC_ASSERT((limit == 0 ? x == 0 : x < limit));
  }));
}

TEST_CASE("a duration between two others lies between them") {
  CHECK(rc::check(
    "between", [](std::uint64_t seed, std::int64_t x, std::int64_t y) {
      random_source uut{seed};
      auto low = duration{x};
      auto high = duration{y};
      auto drawn = uut.between(low, high);
      RC_ASSERT((high <= low ? drawn == low : drawn >= low && drawn <= high));
    }));
  random_source uut{1};
  CHECK(uut.between(5ns, 5ns) == 5ns);
  CHECK(uut.between(6ns, 5ns) == 6ns);
}

TEST_CASE("the largest span of durations can be drawn from") {
  random_source uut{1};
  auto negative = 0;
  for (int i = 0; i < 1000; ++i)
    if (uut.between(duration::min(), duration::max()) < 0ns)
      ++negative;
  CHECK(negative > 400);
  CHECK(negative < 600);
}

TEST_CASE("both ends of a range are drawn, all values alike") {
  random_source uut{42};
  std::array<int, 5> counts{};
  for (int i = 0; i < 10000; ++i)
    ++counts[static_cast<std::size_t>(uut.between(0ns, 4ns).count())];
  for (auto n : counts) {
    CHECK(n > 1850);
    CHECK(n < 2150);
  }
}

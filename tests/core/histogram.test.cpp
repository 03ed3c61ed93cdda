#include "caf_pool/core/histogram.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <thread>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

/// Longer ones share the last bucket.
constexpr auto longest = duration{(std::int64_t{1} << 40) - 1};

/// Durations of every order of magnitude, somewhat beyond the longest.
rc::Gen<duration> any_duration() {
  auto digits = rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 42);
  auto shift = rc::gen::inRange(0, 43);
  return rc::gen::resize(
    rc::kNominalSize,
    rc::gen::map(rc::gen::pair(digits, shift),
                 [](const auto& x) { return duration{x.first >> x.second}; }));
}

histogram_snapshot filled_with(const std::vector<duration>& samples) {
  histogram x;
  for (auto sample : samples)
    x.record(sample);
  return x.snapshot();
}

} // namespace

TEST_CASE("every bucket ends where the next one begins", "[histogram]") {
  for (std::size_t i = 0; i + 1 < histogram::buckets; ++i) {
    auto limit = histogram::bucket_limit(i);
    REQUIRE(histogram::bucket_of(limit) == i);
    REQUIRE(histogram::bucket_of(limit + 1ns) == i + 1);
  }
}

TEST_CASE("the buckets cover 0 ns to 18 minutes", "[histogram]") {
  CHECK(histogram::bucket_of(0ns) == 0);
  CHECK(histogram::bucket_of(-5s) == 0);
  CHECK(histogram::bucket_limit(histogram::buckets - 2) < longest);
  CHECK(histogram::bucket_of(longest) == histogram::buckets - 1);
  CHECK(histogram::bucket_of(longest) == histogram::bucket_of(duration::max()));
  CHECK(histogram::bucket_limit(histogram::buckets - 1) == duration::max());
  CHECK(longest > 18min);
}

TEST_CASE("without samples everything is zero", "[histogram]") {
  histogram x;
  auto now = x.snapshot();
  CHECK(now == histogram_snapshot{});
  CHECK(now.counts.empty());
  CHECK(now.percentile(0.99) == 0ns);
  CHECK(now.mean() == 0ns);
}

TEST_CASE("sum, mean and maximum are exact", "[histogram]") {
  auto x = filled_with({1ms, 2ms, 6ms, -1s});
  CHECK(x.count == 4);
  CHECK(x.sum == 9ms);
  CHECK(x.max == 6ms);
  CHECK(x.mean() == 2250us);
}

TEST_CASE("a percentile is at most 6.25 % too high and never too low",
          "[histogram]") {
  CHECK(rc::check([] {
    auto samples = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<duration>>(any_duration()));
    auto share = *rc::gen::inRange(0, 1001) / 1000.0;
    auto x = filled_with(samples);
    std::sort(samples.begin(), samples.end());
    auto size = static_cast<double>(samples.size());
    auto rank = std::max(1.0, std::ceil(share * size));
    auto exact = samples[static_cast<std::size_t>(rank) - 1];
    RC_ASSERT(x.percentile(share) >= exact);
    // The last bucket has no upper end.
    if (exact <= histogram::bucket_limit(histogram::buckets - 2))
      RC_ASSERT(x.percentile(share) <= exact + exact / 16);
  }));
}

TEST_CASE("a higher share never has a lower percentile", "[histogram]") {
  CHECK(rc::check([] {
    auto x
      = filled_with(*rc::gen::container<std::vector<duration>>(any_duration()));
    auto low = *rc::gen::inRange(0, 1001);
    auto high = *rc::gen::inRange(low, 1001);
    RC_ASSERT(x.percentile(low / 1000.0) <= x.percentile(high / 1000.0));
    RC_ASSERT(x.percentile(1.0) == x.max);
  }));
}

TEST_CASE("threads that record at once lose no sample", "[histogram]") {
  histogram x;
  constexpr auto each = 20'000;
  {
    std::vector<std::jthread> threads;
    for (auto i = 1; i <= 4; ++i)
      threads.emplace_back([&x, i] {
        for (auto n = 0; n < each; ++n)
          x.record(i * 1us);
      });
    for (std::uint64_t i = 0, last = 0; i < 100; ++i) {
      auto now = x.snapshot();
      REQUIRE(now.count >= last);
      last = now.count;
    }
  }
  auto now = x.snapshot();
  CHECK(now.count == 4 * each);
  CHECK(now.sum == 10us * each);
  CHECK(now.max == 4us);
}

TEST_CASE("samples of two histograms add up") {
  histogram x, y, all;
  for (auto i = 1; i <= 100; ++i) {
    (i % 3 == 0 ? x : y).record(i * 7us);
    all.record(i * 7us);
  }
  auto sum = x.snapshot();
  sum += y.snapshot();
  CHECK(sum == all.snapshot());
  SECTION("nothing changes nothing") {
    sum += histogram{}.snapshot();
    CHECK(sum == all.snapshot());
  }
  SECTION("also where there was nothing") {
    auto empty = histogram_snapshot{};
    empty += sum;
    CHECK(empty == sum);
  }
}

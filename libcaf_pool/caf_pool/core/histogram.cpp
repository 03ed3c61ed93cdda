#include "caf_pool/core/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace caf_pool {

namespace {

// Values below 2 * 16 have a bucket each; from there on, each power of two is
// cut into 16 buckets: 2^5 .. 2^39 in steps, 32 + 35 * 16 = 592 in all.
constexpr auto sub_bits = 4;
constexpr auto top_bit = 39;

static_assert(histogram::sub_buckets == 1u << sub_bits);
static_assert(histogram::buckets
              == (top_bit - sub_bits + 2) * histogram::sub_buckets);

} // namespace

// -- snapshot -----------------------------------------------------------------

duration histogram_snapshot::percentile(double p) const noexcept {
  if (count == 0)
    return duration::zero();
  auto share = std::clamp(p, 0.0, 1.0) * static_cast<double>(count);
  auto rank
    = std::max(std::uint64_t{1}, static_cast<std::uint64_t>(std::ceil(share)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    seen += counts[i];
    if (seen >= rank)
      return std::min(histogram::bucket_limit(i), max);
  }
  return max;
}

duration histogram_snapshot::mean() const noexcept {
  if (count == 0)
    return duration::zero();
  return sum / static_cast<duration::rep>(count);
}

histogram_snapshot& histogram_snapshot::operator+=(
  const histogram_snapshot& x) {
  counts.resize(std::max(counts.size(), x.counts.size()));
  for (std::size_t i = 0; i < x.counts.size(); ++i)
    counts[i] += x.counts[i];
  count += x.count;
  sum += x.sum;
  max = std::max(max, x.max);
  return *this;
}

// -- histogram ----------------------------------------------------------------

void histogram::record(duration x) noexcept {
  auto ticks = std::max(x, duration::zero()).count();
  auto top = max_.load(std::memory_order_relaxed);
  while (
    ticks > top
    && !max_.compare_exchange_weak(top, ticks, std::memory_order_relaxed)) {
    // nop
  }
  sum_.fetch_add(ticks, std::memory_order_relaxed);
  // Last, so that a snapshot with this sample knows its maximum as well.
  counts_[bucket_of(x)].fetch_add(1, std::memory_order_release);
}

histogram_snapshot histogram::snapshot() const {
  histogram_snapshot result;
  result.counts.resize(buckets);
  for (std::size_t i = 0; i < buckets; ++i) {
    result.counts[i] = counts_[i].load(std::memory_order_acquire);
    result.count += result.counts[i];
  }
  if (result.count == 0) {
    result.counts.clear();
    return result;
  }
  result.sum = duration{sum_.load(std::memory_order_relaxed)};
  result.max = duration{max_.load(std::memory_order_relaxed)};
  return result;
}

std::size_t histogram::bucket_of(duration x) noexcept {
  if (x <= duration::zero())
    return 0;
  auto ticks = static_cast<std::uint64_t>(x.count());
  if (ticks < 2 * sub_buckets)
    return static_cast<std::size_t>(ticks);
  auto top = static_cast<std::size_t>(std::bit_width(ticks)) - 1;
  auto shift = top - sub_bits;
  // The bits below the highest one choose among the 16.
  auto result = shift * sub_buckets + static_cast<std::size_t>(ticks >> shift);
  return std::min(result, buckets - 1);
}

duration histogram::bucket_limit(std::size_t i) noexcept {
  if (i >= buckets - 1)
    return duration::max();
  if (i < 2 * sub_buckets)
    return duration{static_cast<duration::rep>(i)};
  auto shift = i / sub_buckets - 1;
  auto first = (sub_buckets + i % sub_buckets) << shift;
  return duration{
    static_cast<duration::rep>(first + (std::size_t{1} << shift) - 1)};
}

} // namespace caf_pool

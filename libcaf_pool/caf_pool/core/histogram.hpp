#pragma once

#include "caf_pool/core/time.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

namespace caf_pool {

/// A copy of a histogram's counters at one moment.
struct histogram_snapshot {
  /// Counts per bucket; empty if nothing was recorded.
  std::vector<std::uint64_t> counts;
  std::uint64_t count = 0;
  duration sum = duration::zero();
  duration max = duration::zero();

  /// Returns the value below which a share `p` (0 to 1) of all samples lies,
  /// at most 6.25 % too high; zero without samples.
  duration percentile(double p) const noexcept;

  duration mean() const noexcept;

  /// Adds the samples of another histogram.
  histogram_snapshot& operator+=(const histogram_snapshot& x);

  friend bool operator==(const histogram_snapshot&, const histogram_snapshot&)
    = default;
};

/// Log-linear histogram of durations from 0 ns to about 18 min (longer ones
/// count in the last bucket), 16 linear buckets per power of two, as in
/// HdrHistogram (Gil Tene). Fixed size, allocation-free.
///
/// Thread-safety: `record` and `snapshot` from any thread.
class histogram {
public:
  static constexpr std::size_t sub_buckets = 16;
  static constexpr std::size_t buckets = 592;

  histogram() = default;
  histogram(const histogram&) = delete;
  histogram& operator=(const histogram&) = delete;

  /// Counts one sample; a negative duration counts as zero.
  void record(duration x) noexcept;

  histogram_snapshot snapshot() const;

  static std::size_t bucket_of(duration x) noexcept;

  /// Returns the largest duration that falls into bucket `i`.
  static duration bucket_limit(std::size_t i) noexcept;

private:
  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
  std::atomic<std::int64_t> sum_{0};
  std::atomic<std::int64_t> max_{0};
};

} // namespace caf_pool

#pragma once

#include <algorithm>
#include <vector>

namespace caf_pool::bench {

/// Returns the median; the upper one of an even number.
inline double median(std::vector<double> xs) {
  if (xs.empty())
    return 0;
  auto middle = xs.begin() + static_cast<std::ptrdiff_t>(xs.size() / 2);
  std::nth_element(xs.begin(), middle, xs.end());
  return *middle;
}

/// Returns the value below which a share `p` of the samples lies.
inline double percentile(std::vector<double> xs, double p) {
  if (xs.empty())
    return 0;
  std::sort(xs.begin(), xs.end());
  auto rank = static_cast<std::size_t>(p * static_cast<double>(xs.size()));
  return xs[std::min(rank, xs.size() - 1)];
}

} // namespace caf_pool::bench

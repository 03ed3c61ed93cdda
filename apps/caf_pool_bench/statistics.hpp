#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
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

/// Renders a number with some decimals, for parameters.
inline std::string to_text(double x, int decimals = 1) {
  char buf[64];
  std::snprintf(buf, sizeof(buf), "%.*f", decimals, x);
  return buf;
}

} // namespace caf_pool::bench

#include "caf_pool/machine/policy/growth.hpp"

#include <algorithm>
#include <cmath>

namespace caf_pool {

duration grown(duration start, double factor, std::uint32_t steps,
               duration cap) noexcept {
  start = std::max(start, duration::zero());
  cap = std::max(cap, duration::zero());
  auto limit = static_cast<double>(cap.count());
  auto exact = static_cast<double>(start.count())
               * std::pow(std::max(factor, 1.0), steps);
  // Compared as floating point, because the product may exceed every integer.
  // The negation also catches "not a number" (zero times infinity).
  if (!(exact < limit))
    return start == duration::zero() ? start : cap;
  return duration{static_cast<duration::rep>(exact)};
}

duration percent_of(duration x, std::uint32_t percent) noexcept {
  return x / 100 * percent + x % 100 * percent / 100;
}

} // namespace caf_pool

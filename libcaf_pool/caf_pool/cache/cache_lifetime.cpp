#include "caf_pool/cache/cache_lifetime.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace caf_pool {

namespace {

using std::chrono::milliseconds;

// Ten years: the server refuses what overflows its clock.
constexpr duration longest_lifetime = std::chrono::hours{24 * 3650};

/// Returns a number from (0, 1].
double draw_part(random_source& random) {
  return (static_cast<double>(random.next() >> 11) + 1) * 0x1p-53;
}

std::int64_t shortened(duration x, double part) {
  auto ms = std::chrono::duration_cast<milliseconds>(
    std::clamp(x, duration::zero(), longest_lifetime));
  auto less = static_cast<double>(ms.count()) * part;
  return std::max<std::int64_t>(ms.count() - static_cast<std::int64_t>(less),
                                1);
}

duration negative_ttl(const cache_policy& policy) {
  constexpr duration longest = std::chrono::seconds{30};
  return policy.negative_ttl.value_or(std::min(policy.ttl / 10, longest));
}

} // namespace

cache_lifetime draw_lifetime(const cache_policy& policy, bool negative,
                             random_source& random) {
  auto part = draw_part(random) * cache_jitter;
  if (negative) {
    auto ttl = negative_ttl(policy);
    if (ttl <= duration::zero())
      return {};
    auto ms = shortened(ttl, part);
    return {ms, ms};
  }
  auto ttl = std::clamp(policy.ttl, duration::zero(), longest_lifetime);
  auto beyond
    = std::clamp(std::max(policy.stale_while_revalidate, policy.stale_if_error),
                 duration::zero(), longest_lifetime);
  return {shortened(ttl, part), shortened(ttl + beyond, part)};
}

bool refresh_early(std::int64_t left_ms, std::uint32_t cost_ms, double beta,
                   random_source& random) {
  if (beta <= 0 || cost_ms == 0)
    return false;
  auto ahead = -std::log(draw_part(random)) * beta * cost_ms;
  return ahead >= static_cast<double>(left_ms);
}

} // namespace caf_pool

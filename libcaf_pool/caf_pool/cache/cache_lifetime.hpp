#pragma once

#include "caf_pool/cache/cache_policy.hpp"
#include "caf_pool/core/random.hpp"

#include <cstdint>

namespace caf_pool {

/// How long a value that is stored now is fresh, and how long it stays.
struct cache_lifetime {
  std::int64_t fresh_ms = 0;
  std::int64_t kept_ms = 0;

  friend bool operator==(const cache_lifetime&, const cache_lifetime&)
    = default;
};

/// The largest part of a time to live that jitter takes off.
inline constexpr double cache_jitter = 0.1;

/// Draws the lifetime of a value: what the policy says less 0 to 10 %, the same
/// part of both. At least 1 ms; zero for a negative value that is not to be
/// stored.
cache_lifetime draw_lifetime(const cache_policy& policy, bool negative,
                             random_source& random);

/// Tells whether a value that is still fresh is to be computed now: with a
/// probability that grows towards the expiry, the sooner the longer computing
/// takes. That is XFetch: Vattani, Chierichetti, Lowenstein, "Optimal
/// Probabilistic Cache Stampede Prevention", VLDB 2015. `cost_ms` is how long
/// computing took last.
bool refresh_early(std::int64_t left_ms, std::uint32_t cost_ms, double beta,
                   random_source& random);

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/redis_cluster/redirect.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>

namespace caf_pool::cluster {

/// Returns how long commands wait before they are sent again: 5 to 50 ms if the
/// keys of a slot are on their way, 0.1 to 1 s if the cluster does not serve,
/// doubled with each attempt and spread by a fifth. `attempts` counts those
/// that were refused in a row before. Redirects do not wait.
///
/// Thread-safety: as `random`.
duration resend_pause(redirect::kind why, std::uint32_t attempts,
                      random_source& random);

} // namespace caf_pool::cluster

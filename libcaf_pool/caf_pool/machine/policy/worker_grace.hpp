#pragma once

#include "caf_pool/core/time.hpp"

namespace caf_pool {

/// How long a worker may be late before it counts as stuck. Who ordered the
/// work, the pool machine, stops waiting after this; the desk, whose worker it
/// is, breaks the connection after this and gives the worker up after twice as
/// long.
inline constexpr duration worker_grace = std::chrono::seconds{1};

} // namespace caf_pool

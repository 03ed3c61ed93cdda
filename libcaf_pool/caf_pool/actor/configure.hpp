#pragma once

#include "caf_pool/caf/caf_compat.hpp"

#include <cstddef>

namespace caf_pool {

/// Prepares an actor system for pools: a scheduler that is fair to them with so
/// many threads and, for CAF 1.x, the types of their messages. Call it in the
/// constructor of the configuration; `spawn_pool` counts on it.
void configure_pools(caf::actor_system_config& cfg, std::size_t threads = 2);

} // namespace caf_pool

#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/core/node_config.hpp"
#include "caf_pool/log/logger.hpp"

#include <memory>
#include <string>
#include <vector>

namespace caf_pool {

/// Spawns an actor that finds out whether servers can be reached, and ends when
/// it knows. Only for pools that do not warm up, which would not notice before
/// their first caller does: it asks them for a connection and gives it back
/// unused. A server that cannot be reached within five seconds is
/// in the log ("server_unreachable", with the pool's own words) and, since the
/// pool tried, in its health.
caf::actor spawn_start_check(caf::actor_system& sys,
                             const manager_handle& manager,
                             const std::vector<pool_config>& pools,
                             std::shared_ptr<logger> log);

/// Names the pools that are told to warm up and are not warm by what was seen
/// of them. A pure function.
std::string cold_pools(const std::vector<pool_config>& pools,
                       const std::vector<pool_snapshot>& seen);

} // namespace caf_pool

#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/core/node_config.hpp"
#include "caf_pool/log/logger.hpp"

#include <memory>
#include <set>
#include <string>

namespace caf_pool {

/// Returns the names of the pools that /metrics does not show.
std::set<std::string> pools_without_metrics(const node_config& x);

/// Spawns an actor that writes a line per pool to the log every `interval`: how
/// many connections are leased, how many there are and may be, who waits.
caf::actor spawn_usage_log(caf::actor_system& sys,
                           const manager_handle& manager,
                           std::shared_ptr<logger> out,
                           duration interval = std::chrono::minutes{1});

} // namespace caf_pool

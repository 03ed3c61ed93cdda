#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/core/node_config.hpp"
#include "caf_pool/log/logger.hpp"

#include <memory>
#include <string>
#include <vector>

namespace caf_pool {

/// Pools of one server.
struct server_load {
  /// Names, with commas.
  std::string pools;
  /// One of them, to ask the server.
  std::string first;
  /// Their max_size added up.
  std::uint64_t wanted = 0;
  std::string query;
};

/// Adds up what pools may open at each server that can be asked how many
/// connections it takes. Pools with the same backend, host and port have the
/// same server. A pure function.
std::vector<server_load> loads_of(const std::vector<pool_config>& pools);

/// Spawns an actor that asks each of these servers, writes a warning to the log
/// ("too_many_connections") where the pools together may want more than it
/// takes, and ends. A server that cannot be asked is left out.
caf::actor spawn_capacity_check(caf::actor_system& sys,
                                const manager_handle& manager,
                                std::vector<server_load> loads,
                                std::shared_ptr<logger> log);

} // namespace caf_pool

#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/admin/source.hpp"

#include <functional>
#include <string>

namespace caf_pool {

/// What only the node knows; called on the server's thread, must not block.
struct admin_node_source {
  std::function<node_facts()> facts;
  /// See `admin_source::config`.
  std::function<std::string()> config;
  /// See `admin_source::families`.
  backend_families families;
  std::string name = "caf_pool";
  std::string version;
};

/// Makes a source that asks the manager by message. The server must be stopped
/// before the actor system ends.
admin_source admin_source_from(caf::actor_system& sys, manager_handle manager,
                               admin_node_source node);

} // namespace caf_pool

#pragma once

#include "caf_pool/protocol/link_options.hpp"

namespace caf_pool {

/// Gives an actor system its network: `configure_link`, CAF's middleman and,
/// for CAF 1.x, the types of the messages between processes. For programs that
/// have an actor system of their own, nodes among them. Call it in the
/// constructor of the configuration.
void configure_remote(caf::actor_system_config& cfg,
                      const link_options& options = {});

} // namespace caf_pool

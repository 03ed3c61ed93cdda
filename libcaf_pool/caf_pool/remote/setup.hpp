#pragma once

#include "caf_pool/protocol/link_options.hpp"

namespace caf_pool {

/// Tells CAF about the messages between processes. Must run before the first
/// `actor_system_config` is made; may run repeatedly.
void prepare_remote();

/// Gives an actor system its network: `configure_link` plus CAF's middleman.
/// For programs that have an actor system of their own, nodes among them. Call
/// it before the actor system is made.
void configure_remote(caf::actor_system_config& cfg,
                      const link_options& options = {});

} // namespace caf_pool

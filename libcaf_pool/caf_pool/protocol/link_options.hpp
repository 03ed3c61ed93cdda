#pragma once

#include "caf_pool/core/time.hpp"

namespace caf {
class actor_system_config;
} // namespace caf

namespace caf_pool {

/// How processes notice that the other one is gone.
struct link_options {
  /// How often each side says something.
  duration heartbeat = std::chrono::seconds{1};
  /// Silence after which a connection is dropped; both sides must send
  /// heartbeats at least twice as often.
  duration timeout = std::chrono::seconds{5};
};

/// Prepares an actor system for the messages between processes: registers them
/// and turns on heartbeats. Off by default in CAF 0.17, so that a frozen peer
/// is never noticed. Call it before the actor system is made.
void configure_link(caf::actor_system_config& cfg,
                    const link_options& options = {});

} // namespace caf_pool

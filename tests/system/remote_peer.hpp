#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/protocol/messages.hpp"

#include "remote_node.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

namespace caf_pool::test {

/// An actor system that speaks to a node's gate without the client library.
class remote_peer {
public:
  /// Throws if the gate cannot be reached.
  explicit remote_peer(const remote_node& node);

  /// What the gate says to a greeting. The client is the same each time, and
  /// lives as long as this object.
  result<wire::session_handle> greet(const wire::hello& greeting);

  caf::actor_system& system() noexcept {
    return system_;
  }

  caf::scoped_actor& self() noexcept {
    return self_;
  }

  const wire::gate_handle& gate() const noexcept {
    return gate_;
  }

private:
  struct config : caf::actor_system_config {
    config();
  };

  config config_;
  caf::actor_system system_{config_};
  caf::scoped_actor self_{system_};
  wire::gate_handle gate_;
};

} // namespace caf_pool::test

#pragma once

#include "caf_pool/protocol/messages.hpp"
#include "caf_pool/remote/connector.hpp"
#include "caf_pool/remote/link.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace caf_pool {

/// The next step of an attempt to connect; others' steps are ignored.
struct dial_step {
  std::uint64_t attempt = 0;
};

/// A connector looks at its clocks; only the last one that was ordered counts.
struct connector_wake {
  std::uint64_t number = 0;
};

/// From now on events of a pool, or of all, go to a function; none means stop.
struct listen_to {
  std::string pool;
  std::function<void(const pool_event&)> handler;
};

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_connector_actor, 310)
CAF_POOL_MESSAGE(caf_pool_connector_actor, caf_pool::dial_step)
CAF_POOL_MESSAGE(caf_pool_connector_actor, caf_pool::connector_wake)
CAF_POOL_MESSAGE(caf_pool_connector_actor, caf_pool::listen_to)
CAF_POOL_END_MESSAGES(caf_pool_connector_actor)

namespace caf_pool {

/// A connector with what only its own process, and its session, send to it.
using connector_shell
  = actor_with<remote_handle, void(wire::answer), void(wire::event),
               void(wire::revoked), void(wire::renewed), void(wire::farewell),
               void(wire::part), void(wire::more), void(dial_step),
               void(connector_wake), void(link_poke), void(listen_to)>;

} // namespace caf_pool

#pragma once

#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/pool_event.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/verb.hpp"
#include "caf_pool/core/work.hpp"
#include "caf_pool/protocol/pool_health.hpp"
#include "caf_pool/remote/options.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Remote pools for programs with actors of their own. These messages stay
/// within the process; what sets no limit has the client's own.
namespace caf_pool {

/// Does work: on any connection, or on that of a lease. Answer:
/// `remote_outcome`.
struct remote_execute {
  std::string pool = {};
  work what = {};
  call_options how = {};
  std::string lease = {};
};

struct remote_outcome {
  outcome value;
};

/// Asks for a connection. It comes back by `remote_release`, or when the asking
/// actor ends. Do not put a timeout on the request itself, an answer that comes
/// after it would be lost: `how` is there for that. Answer: `remote_grant`.
struct remote_acquire {
  std::string pool = {};
  call_options how = {};
};

struct remote_grant {
  /// For `remote_execute` and `remote_release`.
  std::string lease;
  duration waited = duration::zero();
};

struct remote_release {
  std::string lease;
  /// Why the connection should be closed; empty if it should not.
  std::string broken;
};

/// Answer: `remote_names`.
struct remote_list {};

struct remote_names {
  std::vector<std::string> names;
};

/// Answer: `remote_snapshot`.
struct remote_get_snapshot {
  std::string pool;
};

struct remote_snapshot {
  pool_snapshot value;
};

/// Of all pools if none is named. Answer: `remote_health`.
struct remote_get_health {
  std::string pool;
};

struct remote_health {
  std::vector<pool_health> pools;
};

/// Needs the role `operate`. Answer: `remote_done`.
struct remote_control {
  std::string pool;
  verb what = verb::pause;
  duration limit = duration::zero();
};

struct remote_done {};

/// Ends the client; what it holds goes back.
struct remote_close {};

/// Everything that a remote client does, for actors. Errors are those of the
/// pool, and `node_unreachable`, `outcome_unknown`, `unauthorized`,
/// `protocol_mismatch` and `lease_lost`: see `from_caf`.
using remote_handle
  = actor_of<remote_outcome(remote_execute), remote_grant(remote_acquire),
             void(remote_release), remote_names(remote_list),
             remote_snapshot(remote_get_snapshot),
             remote_health(remote_get_health), remote_done(remote_control),
             void(remote_close)>;

/// Spawns a client that connects, and connects again when the node went away.
/// The actor system must have been configured by `configure_remote`. Send it
/// `remote_close` before the actor system ends, which waits for it. Returns
/// `invalid_argument` for an address that is none.
result<remote_handle> spawn_remote_client(caf::actor_system& sys,
                                          remote_options options);

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_connector, 280)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_execute)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_outcome)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_acquire)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_grant)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_release)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_list)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_names)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_get_snapshot)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_snapshot)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_get_health)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_health)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_control)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_done)
CAF_POOL_MESSAGE(caf_pool_connector, caf_pool::remote_close)
CAF_POOL_END_MESSAGES(caf_pool_connector)

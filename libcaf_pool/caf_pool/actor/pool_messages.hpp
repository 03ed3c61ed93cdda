#pragma once

#include "caf_pool/actor/pool_control.hpp"
#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/pool_event.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/redis_message.hpp"
#include "caf_pool/core/work.hpp"
#include "caf_pool/lease/lease.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// The messages that a pool understands inside a process. They never leave it:
/// what travels between processes is in protocol/messages.hpp.
namespace caf_pool {

/// Asks for a connection by id: the caller works on it by `execute` messages
/// and ends with `release`. If the caller dies, the pool takes it back. With a
/// deadline, the use is to end by then, too. See `acquire_options`
/// for how to say it.
/// Answer: `lease_grant`, or an error.
struct acquire {
  call_options how = {};
  /// Chosen by the caller, for `cancel_request`; 0 if it never cancels.
  std::uint64_t request = 0;
};

struct lease_grant {
  lease_id lease;
  duration waited = duration::zero();
};

/// Asks for a lease object: the caller works on the connection by itself, on a
/// thread that may block. Answer: `lease_ptr`, or an error.
struct acquire_lease {
  acquire wish = {};
};

/// A lease in a message; gives itself back when the last copy goes.
using lease_ptr = std::shared_ptr<lease>;

/// Gives a lease by id back. A stale id changes nothing.
struct release {
  lease_id lease;
  /// Set if the server failed the holder: the connection is closed.
  error why = {};
};

/// Takes a lease by id away from a holder who does not answer any more.
struct revoke_lease {
  lease_id lease;
};

/// Does work on a connection. Answer: `outcome`, or an error.
struct execute {
  work what = {};
  call_options how = {};
  /// On this lease; without one the pool acquires and releases by itself.
  lease_id lease = {};
  /// Chosen by the caller, for `cancel_request`; 0 if it never cancels.
  std::uint64_t request = 0;
};

/// Withdraws the sender's `acquire` or `execute` of that number: one that waits
/// is rejected, one that was granted is taken back, one that runs is stopped at
/// the server.
struct cancel_request {
  std::uint64_t request = 0;
};

/// Asks for everything there is to know. Never waits for a server.
/// Answer: `pool_snapshot`.
struct get_snapshot {};

/// From now on the sender, or `who`, gets each `pool_event`, until it dies or
/// says stop.
struct subscribe {
  bool stop = false;
  caf::actor who = {};
};

/// What a pool is to other actors. The supervisor speaks it, too, and is the
/// address that stays when the pool's actor is restarted.
using pool_handle
  = actor_of<lease_grant(acquire), lease_ptr(acquire_lease), void(release),
             void(revoke_lease), outcome(execute), void(cancel_request),
             pool_snapshot(get_snapshot), void(subscribe), accepted(control),
             accepted(reconfigure)>;

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_pool_messages, 200)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::acquire)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::lease_grant)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::acquire_lease)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::lease_ptr)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::release)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::revoke_lease)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::execute)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::outcome)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::cancel_request)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::get_snapshot)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::pool_snapshot)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::pool_event)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::subscribe)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::redis_message)
CAF_POOL_MESSAGE(caf_pool_pool_messages, caf_pool::redis_gap)
CAF_POOL_END_MESSAGES(caf_pool_pool_messages)

#pragma once

#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/core/pool_event.hpp"
#include "caf_pool/gate/tokens.hpp"
#include "caf_pool/protocol/messages.hpp"

#include <memory>
#include <string>

/// What a session hears from its own process.
namespace caf_pool {

/// Ends a session; the client is told why.
struct end_session {
  std::string reason;
};

/// Other tokens are valid from now on; may end the session.
struct tokens_changed {
  std::shared_ptr<const token_table> tokens;
};

struct session_tick {};

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_remote_session, 340)
CAF_POOL_MESSAGE(caf_pool_remote_session, caf_pool::end_session)
CAF_POOL_MESSAGE(caf_pool_remote_session, caf_pool::tokens_changed)
CAF_POOL_MESSAGE(caf_pool_remote_session, caf_pool::session_tick)
CAF_POOL_END_MESSAGES(caf_pool_remote_session)

namespace caf_pool {

/// A session with what only its own process may send to it.
using session_shell
  = actor_with<wire::session_handle, void(end_session), void(tokens_changed),
               void(session_tick), void(pool_event)>;

} // namespace caf_pool

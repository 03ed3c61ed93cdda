#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/core/verb.hpp"

/// What operators and the manager say to a pool.
namespace caf_pool {

/// What an operator can do. Answer: `accepted`, or an error. `drain` answers
/// when the last connection is closed: `close_timeout` after its limit at the
/// latest, when it leaves behind what the server or a holder does not let go.
struct control {
  using verb = caf_pool::verb;

  verb what = verb::pause;
  /// For `drain`; zero means at once.
  duration limit = duration::zero();
};

/// Puts new settings in force, live. Answer: `accepted`, or an error.
struct reconfigure {
  pool_config config;
  /// What opens connections from now on; null keeps the present one.
  backend_ptr backend = nullptr;
  /// Replace connections as they come back.
  bool recycle = false;
};

/// The answer when there is nothing to say.
struct accepted {};

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_pool_control, 230)
CAF_POOL_MESSAGE(caf_pool_pool_control, caf_pool::control)
CAF_POOL_MESSAGE(caf_pool_pool_control, caf_pool::reconfigure)
CAF_POOL_MESSAGE(caf_pool_pool_control, caf_pool::accepted)
CAF_POOL_END_MESSAGES(caf_pool_pool_control)

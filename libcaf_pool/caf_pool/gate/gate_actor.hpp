#pragma once

#include "caf_pool/gate/gate_counters.hpp"
#include "caf_pool/gate/login_throttle.hpp"
#include "caf_pool/gate/remote_gate.hpp"
#include "caf_pool/gate/remote_session.hpp"
#include "caf_pool/gate/tokens.hpp"
#include "caf_pool/protocol/messages.hpp"

#include <map>
#include <memory>
#include <mutex>

namespace caf_pool {

/// Ends a gate or its keeper.
struct end_gate {};

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_gate_actor, 330)
CAF_POOL_MESSAGE(caf_pool_gate_actor, caf_pool::end_gate)
CAF_POOL_END_MESSAGES(caf_pool_gate_actor)

namespace caf_pool {

using gate_shell = actor_with<wire::gate_handle, void(end_gate)>;

/// What survives the death of a gate's actor: who is logged in, who failed, and
/// what was counted.
struct gate_state {
  gate_options options;
  manager_handle manager;
  std::shared_ptr<gate_counters> counters = std::make_shared<gate_counters>();

  /// Guards what follows.
  std::mutex mutex;
  token_table tokens;
  login_throttle guard;
  /// By client.
  std::map<caf::actor_addr, session_shell> sessions;
  /// Set once nobody is let in any more: whoever greets a gate while it stops
  /// would get a session that nobody ends.
  bool stopped = false;
};

/// Lets clients in: checks version and token, and makes a session for each.
/// Peers reach it and its sessions, nothing else of the process.
class gate_actor : public gate_shell::base {
public:
  gate_actor(caf::actor_config& cfg, std::shared_ptr<gate_state> state);

  behavior_type make_behavior() override;

private:
  caf::result<wire::welcome> on_hello(const wire::hello& x);
  result<principal> admit(const wire::hello& x, const std::string& peer);
  wire::welcome open_session(const wire::hello& x, principal who);
  void watch_session(const session_shell& session);

  std::shared_ptr<gate_state> state_;
};

} // namespace caf_pool

#include "caf_pool/gate/gate_actor.hpp"

#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/gate/printable.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

error other_version(std::uint32_t theirs) {
  return {errc::protocol_mismatch,
          "this node speaks version " + std::to_string(wire::protocol_version)
            + " of the protocol, the client version " + std::to_string(theirs)
            + "; use the same release on both",
          {}};
}

} // namespace

gate_actor::gate_actor(caf::actor_config& cfg,
                       std::shared_ptr<gate_state> state)
  : gate_shell::base(cfg), state_(std::move(state)) {
  set_exit_handler([this](caf::exit_msg&) { ++state_->counters->strangers; });
  set_error_handler([this](caf::error&) { ++state_->counters->strangers; });
  set_default_handler([this](caf::scheduled_actor* self, auto& x) {
    ++state_->counters->strangers;
    return caf::drop(self, x);
  });
}

gate_actor::behavior_type gate_actor::make_behavior() {
  {
    // Those that a predecessor let in.
    std::lock_guard guard{state_->mutex};
    for (auto& [client, session] : state_->sessions)
      watch_session(session);
  }
  return {
    [this](const wire::hello& x) { return on_hello(x); },
    [this](const end_gate&) { quit(); },
  };
}

void gate_actor::watch_session(const session_shell& session) {
  watch_actor(this, session,
              [state = state_](const caf::actor_addr& addr, const caf::error&) {
                std::lock_guard guard{state->mutex};
                std::erase_if(state->sessions, [&addr](auto& kvp) {
                  return kvp.second.address() == addr;
                });
              });
}

caf::result<wire::welcome> gate_actor::on_hello(const wire::hello& x) {
  auto& client = current_sender();
  auto peer = client ? to_string(client->node()) : std::string{};
  std::lock_guard guard{state_->mutex};
  auto who = client ? admit(x, peer)
                    : result<principal>{
                      error{errc::unauthorized, "a login needs a sender", {}}};
  if (who) {
    ++state_->counters->logins;
    state_->guard.succeeded(peer);
    return open_session(x, *std::move(who));
  }
  ++state_->counters->refused_logins;
  if (auto& log = state_->options.log)
    log->write(severity::warning, "remote_login_refused",
               {{"principal", printable(x.principal)},
                {"client", printable(x.client)},
                {"peer", peer},
                {"reason", who.error().message}});
  return to_caf(who.error());
}

result<principal> gate_actor::admit(const wire::hello& x,
                                    const std::string& peer) {
  auto& state = *state_;
  if (state.stopped)
    return error{errc::closed, "this node lets nobody in any more", {}};
  if (x.version != wire::protocol_version)
    return other_version(x.version);
  auto now = clock::now();
  if (auto pause = state.guard.blocked_for(peer, now); pause > duration::zero())
    return error{errc::unauthorized,
                 "too many failed logins; try again in " + to_rough_text(pause),
                 {}};
  auto who = state.tokens.check(x.principal, x.token);
  if (!who) {
    state.guard.failed(peer, now);
    return error{errc::unauthorized,
                 "name or token is wrong; both are in the node's token file",
                 {}};
  }
  if (state.sessions.size() >= state.options.remote.max_connections)
    return error{errc::overloaded,
                 std::to_string(state.sessions.size())
                   + " clients are logged in, which is the limit; try again "
                     "later",
                 {}};
  return *std::move(who);
}

wire::welcome gate_actor::open_session(const wire::hello& x, principal who) {
  auto& state = *state_;
  auto& remote = state.options.remote;
  auto client = caf::actor_cast<caf::actor_addr>(current_sender());
  // The same client again: it was cut off and came back before we noticed.
  if (auto old = state.sessions.extract(client); !old.empty())
    post_to(old.mapped(), end_session{"the client logged in again"});
  if (auto& log = state.options.log)
    log->write(severity::info, "remote_login",
               {{"principal", who.name},
                {"role", std::string{to_string(who.may)}},
                {"client", printable(x.client)}});
  auto session = system().spawn<remote_session>(
    session_setup{state.manager, current_sender(), std::move(who),
                  sha256(x.token), printable(x.client), remote,
                  state.options.version, state.counters, state.options.log});
  state.sessions.emplace(client, session);
  watch_session(session);
  return {wire::protocol_version, session, state.options.node_name,
          wire::to_us(remote.lease_ttl), wire::to_us(remote.heartbeat)};
}

} // namespace caf_pool

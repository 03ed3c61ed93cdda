#include "caf_pool/node/remote_gate.hpp"

#include "caf_pool/core/validate.hpp"
#include "caf_pool/node/gate_actor.hpp"
#include "caf_pool/remote/setup.hpp"

#include <caf/actor_registry.hpp>
#include <caf/io/middleman.hpp>

#include <algorithm>
#include <utility>

namespace caf_pool {

/// How an attempt to publish again went.
struct republished {
  bool worked = false;
};

/// It is time for such an attempt.
struct publish_now {};

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_remote_gate, 350)
CAF_POOL_MESSAGE(caf_pool_remote_gate, caf_pool::republished)
CAF_POOL_MESSAGE(caf_pool_remote_gate, caf_pool::publish_now)
CAF_POOL_END_MESSAGES(caf_pool_remote_gate)

namespace caf_pool {

namespace {

using keeper_handle
  = actor_of<void(republished), void(publish_now), void(end_gate)>;

/// Takes away what CAF publishes by itself with the first port.
void hide_services_of_caf(caf::actor_system& sys) {
  auto& registry = sys.registry();
  for (auto& service : {sys.spawn_serv(), sys.config_serv()}) {
    if (!service)
      continue;
    registry.erase(service->id());
    for (auto& [name, ptr] : registry.named_actors())
      if (ptr == service)
        registry.erase(name);
  }
}

bool stopped(gate_state& state) {
  std::lock_guard guard{state.mutex};
  return state.stopped;
}

/// Blocks, hence on a thread of its own.
void publish_again(caf::actor_system& sys,
                   const std::shared_ptr<gate_state>& state,
                   const gate_shell& gate, std::uint16_t port,
                   const keeper_handle& keeper) {
  sys.spawn<caf::detached>([&sys, state, gate, port,
                            keeper](caf::event_based_actor*) {
    // Without it the port stays taken by a gate that is gone.
    static_cast<void>(sys.middleman().close(port));
    auto& address = state->options.remote.address;
    auto handle = wire::gate_handle{gate};
    auto outcome = sys.middleman().publish(handle, port, address.c_str(), true);
    // Who stopped the gate meanwhile closed a port that was closed.
    if (outcome && stopped(*state))
      static_cast<void>(sys.middleman().close(port));
    post_to(keeper, republished{static_cast<bool>(outcome)});
  });
}

/// Brings a gate back that somebody killed: on CAF 0.17 every peer can.
class gate_keeper : public keeper_handle::base {
public:
  gate_keeper(caf::actor_config& cfg, std::shared_ptr<gate_state> state,
              gate_shell gate, std::uint16_t port)
    : keeper_handle::base(cfg),
      state_(std::move(state)),
      gate_(std::move(gate)),
      port_(port) {
    drop_unexpected(this);
  }

  behavior_type make_behavior() override {
    watch_gate();
    return {
      [this](const republished& x) {
        if (!x.worked)
          try_later();
      },
      [this](const publish_now&) {
        publish_again(system(), state_, gate_, port_, keeper_handle{this});
      },
      [this](const end_gate&) {
        ending_ = true;
        post_to(gate_, end_gate{});
        quit();
      },
    };
  }

private:
  static constexpr duration first_pause = std::chrono::milliseconds{10};
  static constexpr duration longest_pause = std::chrono::seconds{1};
  static constexpr duration calm = std::chrono::seconds{10};

  void watch_gate() {
    watch_actor(this, gate_, [this](const caf::actor_addr&, const caf::error&) {
      if (!ending_)
        restart();
    });
  }

  void restart() {
    ++state_->counters->gate_restarts;
    if (auto& log = state_->options.log)
      log->write(severity::error, "remote_gate_killed",
                 {{"port", std::to_string(port_)}});
    gate_ = system().spawn<gate_actor>(state_);
    watch_gate();
    try_later();
  }

  /// Who kills it again and again gets slower answers, not a busy node.
  void try_later() {
    auto now = clock::now();
    pause_ = now - tried_at_ > calm ? first_pause
                                    : std::min(2 * pause_, longest_pause);
    tried_at_ = now;
    send_later(this, keeper_handle{this}, pause_, publish_now{});
  }

  std::shared_ptr<gate_state> state_;
  gate_shell gate_;
  std::uint16_t port_;
  duration pause_ = first_pause;
  time_point tried_at_{};
  bool ending_ = false;
};

error not_loopback(const std::string& address) {
  return {errc::config_invalid,
          "remote.address is " + address
            + ": only loopback addresses are allowed (127.0.0.1, localhost), "
              "because CAF's network protocol trusts everybody who reaches the "
              "port",
          {}};
}

error cannot_listen(const remote_config& remote, const caf::error& why) {
  return {errc::open_failed,
          "cannot listen on " + remote.address + ':'
            + std::to_string(remote.port) + " (" + to_string(why)
            + "); is another node running? Choose another remote.port, or 0 "
              "for any",
          {}};
}

} // namespace

// -- published_gate -----------------------------------------------------------

struct published_gate::impl {
  caf::actor_system& system;
  std::shared_ptr<gate_state> state;
  keeper_handle keeper;
  std::uint16_t port;
};

published_gate::published_gate(std::unique_ptr<impl> x) : impl_(std::move(x)) {
  // nop
}

published_gate::published_gate(published_gate&&) noexcept = default;

published_gate& published_gate::operator=(published_gate&& other) noexcept {
  if (this != &other) {
    if (impl_)
      stop("the node replaces its gate");
    impl_ = std::move(other.impl_);
  }
  return *this;
}

published_gate::~published_gate() {
  if (impl_)
    stop("the node ends");
}

std::uint16_t published_gate::port() const noexcept {
  return impl_->port;
}

result<void> published_gate::reload_tokens() {
  auto& state = *impl_->state;
  auto tokens = load_tokens(state.options.remote.token_file);
  if (!tokens)
    return tokens.error();
  std::lock_guard guard{state.mutex};
  state.tokens = *std::move(tokens);
  return {};
}

gate_stats published_gate::stats() const {
  auto& state = *impl_->state;
  auto& counters = *state.counters;
  gate_stats result;
  {
    std::lock_guard guard{state.mutex};
    result.sessions = state.sessions.size();
  }
  result.logins = counters.logins;
  result.refused_logins = counters.refused_logins;
  result.strangers = counters.strangers;
  result.requests = counters.requests;
  result.duplicates = counters.duplicates;
  result.stale_tokens = counters.stale_tokens;
  result.leases_revoked = counters.leases_revoked;
  result.gate_restarts = counters.gate_restarts;
  return result;
}

void published_gate::stop(const std::string& reason) {
  if (!impl_->keeper)
    return;
  {
    std::lock_guard guard{impl_->state->mutex};
    impl_->state->stopped = true;
  }
  static_cast<void>(impl_->system.middleman().close(impl_->port));
  post_to(impl_->keeper, end_gate{});
  impl_->keeper = nullptr;
  std::lock_guard guard{impl_->state->mutex};
  for (auto& [client, session] : impl_->state->sessions)
    post_to(session, end_session{reason});
}

void configure_gate(caf::actor_system_config& cfg,
                    const link_options& options) {
  using namespace caf::id_block;
  prepare_caf<caf_pool_gate_actor, caf_pool_remote_session,
              caf_pool_remote_gate>();
  configure_remote(cfg, options);
}

// -- publish_gate -------------------------------------------------------------

result<published_gate> publish_gate(caf::actor_system& sys,
                                    manager_handle manager,
                                    gate_options options) {
  auto& remote = options.remote;
  if (!is_loopback(remote.address))
    return not_loopback(remote.address);
  if (!sys.has_middleman())
    return error{errc::internal,
                 "the actor system was not configured by configure_gate",
                 {}};
  auto tokens = load_tokens(remote.token_file);
  if (!tokens)
    return tokens.error();
  if (remote.address == "localhost")
    remote.address = "127.0.0.1";
  hide_services_of_caf(sys);
  auto state = std::make_shared<gate_state>();
  state->options = options;
  state->manager = std::move(manager);
  state->tokens = *std::move(tokens);
  auto gate = sys.spawn<gate_actor>(state);
  auto port = sys.middleman().publish(wire::gate_handle{gate}, remote.port,
                                      remote.address.c_str(), true);
  if (!port) {
    post_to(gate, end_gate{});
    return cannot_listen(remote, port.error());
  }
  auto keeper = sys.spawn<gate_keeper>(state, gate, *port);
  return published_gate{std::make_unique<published_gate::impl>(
    published_gate::impl{sys, std::move(state), std::move(keeper), *port})};
}

} // namespace caf_pool

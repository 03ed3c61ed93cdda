#include "caf_pool/gate/remote_gate.hpp"

#include "caf_pool/gate/gate_actor.hpp"
#include "caf_pool/gate/gate_door.hpp"
#include "caf_pool/remote/setup.hpp"
#include "caf_pool/settings/validate.hpp"

#include <caf/actor_registry.hpp>
#include <caf/io/middleman.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace caf_pool {

/// It is time to publish, or to publish again.
struct publish_now {};

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_remote_gate, 350)
CAF_POOL_MESSAGE(caf_pool_remote_gate, caf_pool::publish_now)
CAF_POOL_END_MESSAGES(caf_pool_remote_gate)

namespace caf_pool {

namespace {

using keeper_handle = actor_of<void(publish_now), void(end_gate)>;

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

/// Brings a gate back that somebody killed: on CAF 0.17 every peer can.
class gate_keeper : public keeper_handle::base {
public:
  gate_keeper(caf::actor_config& cfg, std::shared_ptr<gate_state> state,
              gate_shell gate, std::shared_ptr<gate_door> door)
    : keeper_handle::base(cfg),
      state_(std::move(state)),
      gate_(std::move(gate)),
      door_(std::move(door)) {
    drop_unexpected(this);
  }

  behavior_type make_behavior() override {
    watch_gate();
    return {
      [this](const publish_now&) { door_->lead_to(wire::gate_handle{gate_}); },
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
                 {{"port", std::to_string(door_->port())}});
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
  std::shared_ptr<gate_door> door_;
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

/// Where the door asks whose clients are logged in.
std::unordered_set<caf::node_id> who_is_in(gate_state& state) {
  std::unordered_set<caf::node_id> result;
  std::lock_guard guard{state.mutex};
  for (auto& [client, session] : state.sessions)
    result.insert(client.node());
  return result;
}

result<std::shared_ptr<gate_door>> open_door(
  caf::actor_system& sys, const std::shared_ptr<gate_state>& state) {
  auto& remote = state->options.remote;
  auto options = door_options{};
  options.address = remote.address;
  options.port = remote.port;
  options.max_connections = remote.max_connections;
  options.login_timeout = remote.login_timeout;
  options.who_is_in = [weak = std::weak_ptr{state}] {
    auto strong = weak.lock();
    return strong ? who_is_in(*strong) : std::unordered_set<caf::node_id>{};
  };
  options.counters = state->counters;
  options.log = state->options.log;
  auto door = gate_door::open(sys, std::move(options));
  if (!door)
    return door.error();
  return std::shared_ptr<gate_door>{*std::move(door)};
}

} // namespace

// -- published_gate -----------------------------------------------------------

struct published_gate::impl {
  std::shared_ptr<gate_state> state;
  keeper_handle keeper;
  std::shared_ptr<gate_door> door;
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
  return impl_->door->port();
}

void published_gate::let_in() {
  if (impl_->keeper)
    post_to(impl_->keeper, publish_now{});
}

result<void> published_gate::reload_tokens() {
  auto tokens = read_tokens();
  if (!tokens)
    return tokens.error();
  use_tokens(*std::move(tokens));
  return {};
}

result<token_table> published_gate::read_tokens() const {
  return caf_pool::read_tokens(impl_->state->options.remote.token_file);
}

void published_gate::use_tokens(token_table tokens) {
  auto& state = *impl_->state;
  auto now = std::make_shared<const token_table>(tokens);
  // Who logs in meanwhile is let in by the new ones, or hears of them.
  std::lock_guard guard{state.mutex};
  state.tokens = std::move(tokens);
  for (auto& [client, session] : state.sessions)
    post_to(session, tokens_changed{now});
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
  result.turned_away = counters.turned_away;
  result.silent_peers = counters.silent_peers;
  return result;
}

void published_gate::stop(const std::string& reason) {
  if (!impl_->keeper)
    return;
  {
    std::lock_guard guard{impl_->state->mutex};
    impl_->state->stopped = true;
  }
  impl_->door->close();
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
  auto door = open_door(sys, state);
  if (!door)
    return door.error();
  auto gate = sys.spawn<gate_actor>(state);
  auto keeper = sys.spawn<gate_keeper>(state, gate, *door);
  return published_gate{
    std::make_unique<published_gate::impl>(published_gate::impl{
      std::move(state), std::move(keeper), *std::move(door)})};
}

} // namespace caf_pool

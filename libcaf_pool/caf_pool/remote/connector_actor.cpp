#include "caf_pool/remote/connector_actor.hpp"

#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/remote/answers.hpp"

#include <caf/io/middleman.hpp>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace caf_pool {

namespace {

/// How often a connect that is under way is looked at.
constexpr duration probe_interval = std::chrono::milliseconds{2};

/// Answers that will not change by themselves are asked for rarely, lest a
/// wrong token looks like an attack.
constexpr duration pause_after_refusal = std::chrono::seconds{30};

bool is_refusal(const error& x) {
  return x.code == errc::unauthorized || x.code == errc::protocol_mismatch;
}

/// Returns the bound of the pause after so many failures in a row.
duration bound_of_pause(const remote_options& x, std::uint32_t failures) {
  constexpr duration least = std::chrono::milliseconds{1};
  auto longest = std::max(x.longest_pause, least);
  auto result = std::clamp(x.first_pause, least, longest);
  for (; failures > 0 && result < longest; --failures)
    result = result > longest / 2 ? longest : 2 * result;
  return std::min<duration>(result, std::chrono::hours{24});
}

/// Errors of CAF while connecting.
error cannot_connect(const tcp_address& where, const caf::error& why) {
  auto problem = from_caf(why);
  if (problem.code == errc::unauthorized
      || problem.code == errc::protocol_mismatch
      || problem.code == errc::overloaded)
    return problem;
  if (why == caf::sec::unexpected_message
      || why == caf::sec::unexpected_actor_messaging_interface)
    return {errc::protocol_mismatch,
            to_string(where) + " is no node of caf_pool, or one of another "
            "release",
            {}};
  return {errc::node_unreachable,
          to_string(where) + " accepted the connection but did not complete "
          "the login (" + problem.message + "); is the node frozen?",
          {}};
}

} // namespace

connector_actor::connector_actor(caf::actor_config& cfg, connector_setup setup)
  : early_receiver(cfg),
    setup_(std::move(setup)),
    dice_(seed_of(clock::now())) {
  drop_unexpected(this);
  set_error_handler([](caf::error&) {}); // answers have handlers of their own
  set_exit_handler([this](caf::exit_msg& x) {
    // Peers can send these, too; those of this process are meant.
    if (!x.source || x.source.node() == system().node())
      close();
  });
}

void connector_actor::on_renewed(const wire::renewed& x) {
  if (!from_session())
    return;
  auto beat = beats_.find(x.sequence);
  if (beat == beats_.end())
    return;
  setup_.link->confirm(beat->second, heard_at_);
  setup_.link->measured(heard_at_ - beat->second);
  // Answers come in order: to earlier ones none will come.
  beats_.erase(beats_.begin(), std::next(beat));
}

template <class T>
auto connector_actor::to_link(void (remote_link::*handler)(const T&)) {
  return [this, handler](const T& x) {
    if (from_session())
      (*setup_.link.*handler)(x);
  };
}

connector_actor::behavior_type connector_actor::make_behavior() {
  dial();
  return {
    [this](const remote_execute& x) { return on_execute(x); },
    [this](const remote_acquire& x) { return on_acquire(x); },
    [this](const remote_release& x) { on_release(x); },
    [this](const remote_list& x) { return on_list(x); },
    [this](const remote_get_snapshot& x) { return on_snapshot(x); },
    [this](const remote_get_health& x) { return on_health(x); },
    [this](const remote_control& x) { return on_control(x); },
    [this](const remote_close&) { close(); },
    [this](const wire::answer& x) { on_answer(x); },
    [this](const wire::event& x) { on_event(x); },
    to_link(&remote_link::revoke),
    [this](const wire::renewed& x) { on_renewed(x); },
    [this](const wire::farewell& x) {
      if (from_session())
        lost({errc::node_unreachable, "the node said: " + x.reason, {}});
    },
    to_link(&remote_link::gather),
    to_link(&remote_link::proceed),
    [this](const dial_step& x) { on_step(x); },
    [this](const connector_wake& x) { on_wake(x); },
    [this](const link_poke&) { arm(); },
    [this](const listen_to& x) { on_listen(x); },
  };
}

void connector_actor::on_answer(const wire::answer& x) {
  if (!from_session())
    return;
  if (x.request == 0) // no request failed, the session did
    lost(wire::decode_error(x.payload));
  else if (x.to_follow > 0)
    setup_.link->expect(x);
  else
    setup_.link->settle(x.request, x.payload, clock::now());
}

bool connector_actor::receive_early(caf::mailbox_element_ptr& x,
                                    message_host*) {
  return settle_early(*setup_.link, *x);
}

void connector_actor::on_exit() {
  leave();
}

// -- closing ------------------------------------------------------------------

void connector_actor::leave() {
  if (stage_ == stage::ready)
    setup_.link->note(wire::goodbye{"the client ends"});
  forget_gate();
  ++attempt_;
  stage_ = stage::closed;
  probe_.stop();
  auto why = error{errc::closed, "this client is closed", {}};
  setup_.link->down(why);
  tell_outcome(why);
}

void connector_actor::close() {
  if (stage_ == stage::closed)
    return;
  leave();
  // A connect that nobody waits for any more goes on, and reaches a broker that
  // ends with the actor system: CAF 0.17 would then wait for its middleman for
  // ever. Both have done what came before, when they answer this.
  ask(this, system().middleman().actor_handle(), caf::infinite, caf::get_atom_v,
      caf::node_id{})
    .then([this](const caf::node_id&, const std::string&,
                 std::uint16_t) { quit(); },
          [this](const caf::error&) { quit(); });
}

// -- connecting ---------------------------------------------------------------

void connector_actor::dial() {
  ++attempt_;
  stage_ = stage::probing;
  auto now = clock::now();
  give_up_at_ = add_saturated(now, setup_.options.connect_limit);
  if (first_deadline_ == never)
    first_deadline_ = give_up_at_;
  else if (setup_.first_outcome)
    give_up_at_ = std::max(first_deadline_, now + probe_interval);
  probe_.start(setup_.where);
  on_probe();
}

void connector_actor::after(duration delay) {
  send_later(this, connector_shell{this}, delay, dial_step{attempt_});
}

void connector_actor::on_step(const dial_step& x) {
  if (x.attempt != attempt_)
    return;
  if (stage_ == stage::waiting)
    dial();
  else if (stage_ == stage::probing)
    on_probe();
}

void connector_actor::on_probe() {
  auto why = error{errc::node_unreachable, {}, {}};
  switch (probe_.poll()) {
    case tcp_probe::state::open:
      connect();
      return;
    case tcp_probe::state::idle:
    case tcp_probe::state::failed:
      why.message = "nobody listens at " + to_string(setup_.where) + " ("
                    + probe_.reason() + "); is the node running?";
      lost(std::move(why));
      return;
    case tcp_probe::state::stranger:
      why.message = probe_.reason();
      lost(std::move(why));
      return;
    case tcp_probe::state::pending:
      break;
  }
  if (clock::now() < give_up_at_) {
    after(probe_interval);
    return;
  }
  why.message = to_string(setup_.where)
                + (probe_.connected() ? " accepted the connection but said "
                                        "nothing within "
                                      : " did not answer within ")
                + to_rough_text(setup_.options.connect_limit)
                + (probe_.connected() ? "; is the node frozen?" : "");
  probe_.stop();
  lost(std::move(why));
}

void connector_actor::connect() {
  stage_ = stage::connecting;
  ask(this, system().middleman().actor_handle(), time_left(),
      caf::connect_atom_v, setup_.where.host, setup_.where.port)
    .then(
      [this, attempt = attempt_](const caf::node_id&,
                                 const caf::strong_actor_ptr& gate,
                                 const std::set<std::string>&) {
        if (attempt != attempt_ || stage_ != stage::connecting)
          return;
        if (gate)
          log_in(gate);
        else
          lost({errc::protocol_mismatch,
                to_string(setup_.where) + " publishes no gate",
                {}});
      },
      [this, attempt = attempt_](const caf::error& why) {
        if (attempt == attempt_ && stage_ == stage::connecting)
          lost(cannot_connect(setup_.where, why));
      });
}

void connector_actor::log_in(const caf::strong_actor_ptr& gate) {
  stage_ = stage::login;
  gate_ = caf::actor_cast<wire::gate_handle>(gate);
  // CAF tells nobody who waits for an answer that the connection is lost.
  watch(gate_);
  auto& options = setup_.options;
  auto greeting = wire::hello{wire::protocol_version, options.principal,
                              options.token.reveal(), options.client};
  ask(this, gate_, time_left(), std::move(greeting))
    .then(
      [this, attempt = attempt_](const wire::welcome& x) {
        if (attempt == attempt_ && stage_ == stage::login)
          ready(x);
        else
          send_to(this, x.session, wire::goodbye{"came too late"});
      },
      [this, attempt = attempt_](const caf::error& why) {
        if (attempt == attempt_ && stage_ == stage::login)
          lost(cannot_connect(setup_.where, why));
      });
}

void connector_actor::forget_gate() {
  if (!gate_)
    return;
  unwatch_actor(this, gate_);
  gate_ = nullptr;
}

void connector_actor::ready(const wire::welcome& x) {
  auto now = clock::now();
  stage_ = stage::ready;
  forget_gate();
  session_ = x.session;
  heartbeat_ = std::min(setup_.options.link.heartbeat,
                        std::max<duration>(wire::from_us(x.heartbeat_us),
                                           std::chrono::milliseconds{1}));
  ttl_ = wire::from_us(x.lease_ttl_us);
  heard_at_ = ready_since_ = now;
  watch(session_);
  setup_.link->up(session_, caf::actor_cast<caf::strong_actor_ptr>(this), x,
                  now);
  beat(now);
  arm();
  for (auto& [pool, handler] : listeners_)
    ask_for_events(pool, false);
  tell_outcome({});
}

void connector_actor::on_down(const caf::actor_addr& who,
                              const caf::error& why) {
  if ((stage_ == stage::ready && who == session_.address())
      || (stage_ == stage::login && who == gate_.address())) {
    lost({errc::node_unreachable,
          "the connection to " + to_string(setup_.where) + " is lost ("
            + to_string(why) + ')',
          {}});
    return;
  }
  for (auto i = leases_.begin(); i != leases_.end();) {
    if (i->second.owner == who) {
      setup_.link->release(*i->second.state, {});
      i = leases_.erase(i);
    } else {
      ++i;
    }
  }
}

caf::timespan connector_actor::time_left() const {
  return std::clamp<duration>(give_up_at_ - clock::now(),
                              std::chrono::milliseconds{1},
                              std::chrono::hours{24});
}

void connector_actor::lost(error why) {
  auto& options = setup_.options;
  // CAF fails a handshake now and then, when a heartbeat is due during it.
  auto refused = is_refusal(why) && stage_ != stage::ready;
  auto again = (stage_ == stage::connecting || stage_ == stage::login)
               && !is_refusal(why) && clock::now() < first_deadline_;
  forget_gate();
  if (stage_ == stage::ready) {
    unwatch_actor(this, session_);
    // The node may just not have heard from us.
    setup_.link->note(wire::goodbye{why.message});
    session_ = nullptr;
    leases_.clear();
    if (clock::now() - ready_since_ > options.longest_pause)
      failures_ = 0;
  }
  auto pause = bound_of_pause(options, failures_);
  ++failures_;
  pause = dice_.between(std::chrono::milliseconds{1}, pause);
  if (refused)
    pause = pause_after_refusal;
  ++attempt_;
  stage_ = stage::waiting;
  next_beat_ = never;
  beats_.clear();
  setup_.link->down(why);
  if (!again)
    tell_outcome(why);
  after(pause);
}

void connector_actor::tell_outcome(const error& why) {
  if (auto f = std::exchange(setup_.first_outcome, nullptr))
    f(why);
}

// -- while connected ----------------------------------------------------------

bool connector_actor::from_session() {
  auto& from = current_sender();
  if (stage_ != stage::ready || !from
      || caf::actor_cast<caf::actor_addr>(from) != session_.address())
    return false;
  heard_at_ = clock::now();
  return true;
}

void connector_actor::arm() {
  if (stage_ != stage::ready)
    return;
  auto at = setup_.link->sleep_until(next_beat_);
  auto delay = std::max<duration>(at - clock::now(), duration::zero());
  send_later(this, connector_shell{this}, delay, connector_wake{++timer_});
}

void connector_actor::on_wake(const connector_wake& x) {
  if (x.number != timer_ || stage_ != stage::ready)
    return;
  auto now = clock::now();
  setup_.link->expire(now);
  if (now >= next_beat_)
    beat(now);
  if (stage_ == stage::ready)
    arm();
}

void connector_actor::beat(time_point now) {
  // This process stood still, or has just begun: what the node said meanwhile
  // is still in the mailbox.
  if (next_beat_ == never || now - next_beat_ > ttl_ / 2)
    heard_at_ = now;
  heard_at_ = std::max(heard_at_, setup_.link->heard_early());
  if (now - heard_at_ > ttl_) {
    lost({errc::node_unreachable,
          "the node at " + to_string(setup_.where) + " was silent for "
            + to_rough_text(now - heard_at_),
          {}});
    return;
  }
  next_beat_ = now + heartbeat_;
  // What was sent so long ago keeps no lease any more.
  std::erase_if(beats_, [&](auto& x) { return now - x.second > ttl_; });
  beats_.emplace(++sequence_, now);
  setup_.link->note(wire::renew{sequence_});
}

} // namespace caf_pool

#include "caf_pool/remote/link.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

error no_answer(call_kind kind, const error& why) {
  if (kind != call_kind::execute)
    return why;
  return {errc::outcome_unknown,
          why.message
            + "; what was sent may or may not have taken effect: look before "
              "you repeat it",
          why.state};
}

error timed_out(call_kind kind) {
  auto text = std::string{"the node did not answer within the limit"};
  switch (kind) {
    case call_kind::acquire:
      return {errc::acquire_timeout, text + "; the request was withdrawn", {}};
    case call_kind::execute:
      return no_answer(kind, {errc::execute_timeout, text, {}});
    case call_kind::question:
      break;
  }
  return {errc::node_unreachable, text, {}};
}

} // namespace

remote_link::remote_link(std::string address) : address_(std::move(address)) {
  // nop
}

// -- for callers --------------------------------------------------------------

error remote_link::not_connected() const {
  auto& why = last_error_.message;
  auto text = std::string{"not connected to the node"};
  // It is said once.
  if (why.find(address_) == why.npos)
    text += " at " + address_;
  if (!last_error_)
    return {errc::node_unreachable, text, {}};
  return {last_error_.code, text + ": " + why, {}};
}

result<std::uint64_t> remote_link::call(wire::call x, remote_call c) {
  std::lock_guard guard{mutex_};
  if (!session_)
    return not_connected();
  x.request = ++last_request_;
  enter(x.request, std::move(c));
  keep_for_parts(x);
  enqueue(std::move(x));
  send_parts();
  return last_request_;
}

void remote_link::keep_for_parts(wire::call& x) {
  if (x.payload.size() <= wire::part_size)
    return;
  x.to_follow = x.payload.size();
  sender_.add(x.request, std::exchange(x.payload, {}));
}

void remote_link::enter(std::uint64_t request, remote_call c) {
  auto deadline = c.deadline;
  calls_.insert(request, std::move(c));
  if (deadline >= wake_at_)
    return;
  wake_at_ = deadline;
  send_in_name_of(nullptr, connector_, link_poke{});
}

bool remote_link::withdraw(std::uint64_t request) {
  std::lock_guard guard{mutex_};
  if (!take(request))
    return false;
  if (session_)
    enqueue(wire::cancel{request});
  return true;
}

void remote_link::release(const remote_lease_state& x,
                          const std::string& broken) {
  std::lock_guard guard{mutex_};
  leases_.erase(x.token);
  // Leases of an earlier term are gone already, and their tokens with them.
  if (session_ && x.term == term_)
    enqueue(wire::release{x.token, broken});
}

bool remote_link::alive(const remote_lease_state& x) {
  std::lock_guard guard{mutex_};
  check_term(clock::now());
  return session_ && x.term == term_ && !x.lost;
}

duration remote_link::travel_limit(duration limit) const {
  constexpr duration longest_margin = std::chrono::milliseconds{20};
  std::lock_guard guard{mutex_};
  limit = std::max(limit, duration::zero());
  auto margin = std::min<duration>(limit / 20, longest_margin);
  // One answer that took long says little about the next: what is left must do.
  auto least = std::max<duration>(limit / 2, duration{1});
  return std::max<duration>(limit - round_trip_ - margin, least);
}

bool remote_link::connected() const {
  std::lock_guard guard{mutex_};
  return session_ != nullptr;
}

std::string remote_link::node() const {
  std::lock_guard guard{mutex_};
  return node_;
}

// -- for the connector --------------------------------------------------------

void remote_link::up(const wire::session_handle& session,
                     const caf::strong_actor_ptr& connector,
                     const wire::welcome& x, time_point now) {
  std::lock_guard guard{mutex_};
  session_ = caf::actor_cast<caf::strong_actor_ptr>(session);
  connector_ = connector;
  node_ = x.node;
  ttl_ = wire::from_us(x.lease_ttl_us);
  confirmed_ = now;
  last_error_ = {};
  ++term_;
}

void remote_link::down(error why) {
  std::vector<remote_call> lost;
  {
    std::lock_guard guard{mutex_};
    session_ = nullptr;
    connector_ = nullptr;
    ++term_;
    for (auto& [token, lease] : leases_)
      if (auto x = lease.lock())
        x->lost = true;
    leases_.clear();
    last_error_ = why;
    lost = calls_.take_all();
    sender_.clear();
    collector_.clear();
  }
  for (auto& x : lost)
    x.handler({no_answer(x.kind, why), {}, nullptr, {}});
}

/// Nothing is sent, or put together, for a call that is over.
void remote_link::drop_parts(std::uint64_t request) {
  sender_.give_up(request);
  collector_.forget(request);
}

std::optional<remote_call> remote_link::take(std::uint64_t request) {
  drop_parts(request);
  return calls_.take(request);
}

std::optional<remote_call> remote_link::take_answered(std::uint64_t request) {
  auto call = take(request);
  if (call)
    confirmed_ = std::max(confirmed_, call->started);
  return call;
}

remote_reply remote_link::lend(wire::grant x) {
  auto lease = std::make_shared<remote_lease_state>();
  lease->token = x.token;
  lease->term = term_;
  leases_.insert_or_assign(std::move(x.token), lease);
  return {{}, {}, std::move(lease), x.waited};
}

std::optional<remote_call> remote_link::open_reply(std::uint64_t request,
                                                   std::string payload,
                                                   time_point now,
                                                   remote_reply& reply) {
  auto granted = wire::holds(wire::content::grant, payload);
  if (granted)
    check_term(now);
  auto call = take_answered(request);
  if (wire::holds(wire::content::failure, payload)) {
    reply.why = wire::decode_error(payload);
  } else if (granted) {
    auto grant = wire::decode<wire::grant>(payload);
    if (!grant)
      reply.why = grant.error();
    else if (call && call->kind == call_kind::acquire)
      reply = lend(*std::move(grant));
    else if (session_) // the caller gave up before the grant came
      enqueue(wire::release{grant->token, {}});
  } else if (call && call->kind == call_kind::acquire) {
    reply.why = {errc::protocol_mismatch, "the node sent no grant", {}};
  } else {
    reply.payload = std::move(payload);
  }
  return call;
}

void remote_link::settle(std::uint64_t request, std::string payload,
                         time_point now) {
  remote_reply reply;
  std::optional<remote_call> call;
  {
    std::lock_guard guard{mutex_};
    call = open_reply(request, std::move(payload), now, reply);
  }
  // Without a call: it came late or twice.
  if (call)
    call->handler(std::move(reply));
}

void remote_link::send_parts() {
  sender_.send_due([this](std::uint64_t request, std::string bytes) {
    enqueue(wire::part{request, std::move(bytes)});
  });
}

void remote_link::expect(const wire::answer& x) {
  result<void> accepted;
  {
    std::lock_guard guard{mutex_};
    if (calls_.contains(x.request))
      accepted = collector_.expect(x.request, x.to_follow);
  }
  if (!accepted)
    refuse(x.request, accepted.error());
}

void remote_link::gather(const wire::part& x) {
  auto payload = result<std::optional<std::string>>{std::nullopt};
  {
    std::lock_guard guard{mutex_};
    if (!session_)
      return;
    enqueue(wire::more{x.request});
    payload = collector_.add(x.request, x.bytes);
  }
  if (!payload)
    refuse(x.request, payload.error());
  else if (*payload)
    settle(x.request, **std::move(payload), clock::now());
}

/// The answer makes no sense: the node need not send the rest.
void remote_link::refuse(std::uint64_t request, error why) {
  std::optional<remote_call> call;
  {
    std::lock_guard guard{mutex_};
    call = take_answered(request);
    if (call && session_)
      enqueue(wire::cancel{request});
  }
  if (call)
    call->handler({std::move(why), {}, nullptr, {}});
}

void remote_link::proceed(const wire::more& x) {
  std::lock_guard guard{mutex_};
  if (!session_)
    return;
  sender_.arrived(x.request);
  send_parts();
}

bool remote_link::may_settle_early(const caf::strong_actor_ptr& from,
                                   std::uint64_t request, time_point now) {
  if (!session_ || from != session_ || !calls_.only_wakes(request))
    return false;
  heard_early_ = std::max(heard_early_, now);
  return true;
}

bool remote_link::settle_early(const caf::strong_actor_ptr& from,
                               const wire::answer& x, time_point now) {
  remote_reply reply;
  std::optional<remote_call> call;
  {
    std::lock_guard guard{mutex_};
    if (!may_settle_early(from, x.request, now))
      return false;
    call = open_reply(x.request, x.payload, now, reply);
  }
  call->handler(std::move(reply));
  return true;
}

time_point remote_link::heard_early() const {
  std::lock_guard guard{mutex_};
  return heard_early_;
}

void remote_link::revoke(const wire::revoked& x) {
  std::lock_guard guard{mutex_};
  auto node = leases_.extract(x.token);
  if (node.empty())
    return;
  if (auto lease = node.mapped().lock())
    lease->lost = true;
}

void remote_link::expire(time_point now) {
  std::vector<std::pair<std::uint64_t, remote_call>> overdue;
  {
    std::lock_guard guard{mutex_};
    check_term(now);
    overdue = calls_.take_expired(now);
    for (auto& [request, x] : overdue) {
      drop_parts(request);
      if (session_)
        enqueue(wire::cancel{request});
    }
  }
  for (auto& [request, x] : overdue)
    x.handler({timed_out(x.kind), {}, nullptr, {}});
}

void remote_link::confirm(time_point sent, time_point now) {
  std::lock_guard guard{mutex_};
  // What was given up stays given up.
  check_term(now);
  confirmed_ = std::max(confirmed_, sent);
}

void remote_link::measured(duration round_trip) {
  std::lock_guard guard{mutex_};
  round_trip_ = round_trip_ == duration::zero()
                  ? round_trip
                  : (7 * round_trip_ + round_trip) / 8;
}

time_point remote_link::sleep_until(time_point heartbeat) {
  std::lock_guard guard{mutex_};
  wake_at_ = std::min(heartbeat, calls_.next_deadline());
  return wake_at_;
}

void remote_link::check_term(time_point now) {
  if (!session_ || now - confirmed_ <= ttl_)
    return;
  ++term_;
  confirmed_ = now;
  for (auto& [token, lease] : leases_) {
    if (auto x = lease.lock())
      x->lost = true;
    // In case the node sees it otherwise, for example because it was the node
    // that stood still.
    enqueue(wire::release{token, {}});
  }
  leases_.clear();
}

} // namespace caf_pool

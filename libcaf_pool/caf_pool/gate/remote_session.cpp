#include "caf_pool/gate/remote_session.hpp"

#include "caf_pool/core/duration_text.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// How much later than a request's own limit the session answers in the pool's
/// place: the pool knows better what happened.
constexpr duration answer_margin = std::chrono::seconds{1};

/// For requests that leave their limits to the pool.
constexpr duration longest_request = std::chrono::hours{1};

constexpr std::size_t max_remembered = 1024;
constexpr std::size_t max_remembered_bytes = 1 << 20;
constexpr std::size_t max_remembered_answer = 64 << 10;

// An answer that travels in parts is given away.
static_assert(max_remembered_answer <= wire::part_size);

constexpr std::uint32_t events_per_refill = 100;

} // namespace

remote_session::remote_session(caf::actor_config& cfg, session_setup setup)
  : session_shell::base(cfg),
    setup_(std::move(setup)),
    holder_("remote " + setup_.who.name),
    client_(caf::actor_cast<wire::client_handle>(setup_.client)),
    memory_(max_remembered, max_remembered_bytes),
    heard_at_(clock::now()),
    event_credit_(events_per_refill) {
  if (!setup_.client_name.empty())
    holder_ += ' ' + setup_.client_name;
  // A peer can link to us and die, or send whatever it likes.
  set_exit_handler([this](caf::exit_msg&) { ++setup_.counters->strangers; });
  set_error_handler([this](caf::error&) { ++setup_.counters->strangers; });
  set_default_handler([this](caf::scheduled_actor* self, auto& x) {
    ++setup_.counters->strangers;
    return caf::drop(self, x);
  });
}

template <class T>
auto remote_session::guarded(void (remote_session::*handler)(const T&)) {
  return [this, handler](const T& x) {
    if (from_client())
      (this->*handler)(x);
  };
}

remote_session::behavior_type remote_session::make_behavior() {
  watch_actor(
    this, client_, [this](const caf::actor_addr&, const caf::error& why) {
      end("the client ended or cannot be reached: " + to_string(why), false);
    });
  return {
    guarded(&remote_session::on_call),
    guarded(&remote_session::on_release),
    guarded(&remote_session::on_cancel),
    guarded(&remote_session::on_renew),
    guarded(&remote_session::on_goodbye),
    guarded(&remote_session::on_part),
    guarded(&remote_session::on_more),
    [this](const end_session& x) { end(x.reason, true); },
    [this](const tokens_changed& x) { on_tokens(x); },
    [this](const session_tick&) { on_tick(); },
    [this](const pool_event& x) { on_event(x); },
  };
}

void remote_session::on_exit() {
  clean_up();
}

bool remote_session::from_client() {
  auto& from = current_sender();
  if (!from || caf::actor_cast<caf::actor_addr>(from) != client_.address()) {
    ++setup_.counters->strangers;
    return false;
  }
  heard_at_ = clock::now();
  return true;
}

// -- requests -----------------------------------------------------------------

namespace {

error too_old(std::uint64_t request) {
  return {errc::invalid_argument,
          "request " + std::to_string(request)
            + " is too old or its number was used; numbers start at 1 and grow",
          {}};
}

} // namespace

bool remote_session::begin(std::uint64_t request, request_kind kind,
                           role needed, duration limit) {
  auto known = memory_.state(request);
  if (known == request_state::remembered || open_.contains(request)) {
    // Executed once, whatever the network does; the answer may be lost.
    ++setup_.counters->duplicates;
    if (known == request_state::remembered && !sender_.holds(request))
      deliver(request, memory_.get(request));
    return false;
  }
  if (known == request_state::forgotten) {
    deliver(request, wire::encode(too_old(request)));
    return false;
  }
  ++setup_.counters->requests;
  auto max = setup_.limits.max_requests_per_client;
  auto waiting = open_.size() + sender_.size();
  if (waiting >= max) {
    fail(request,
         {errc::queue_full,
          "this client waits for " + std::to_string(waiting) + " of "
            + std::to_string(max) + " requests already; wait for answers",
          {}});
    return false;
  }
  if (setup_.who.may < needed) {
    fail(request, {errc::forbidden,
                   "\"" + setup_.who.name + "\" has the role "
                     + std::string{to_string(setup_.who.may)} + "; this needs "
                     + std::string{to_string(needed)},
                   {}});
    return false;
  }
  auto& entry = open_[request];
  entry.kind = kind;
  auto at_most
    = limit > duration::zero() ? limit + answer_margin : longest_request;
  entry.guard = add_saturated(clock::now(), at_most);
  arm();
  return true;
}

void remote_session::finish(std::uint64_t request, std::string payload) {
  open_.erase(request);
  collector_.forget(request);
  auto bytes = payload.size();
  if (bytes <= max_remembered_answer) {
    deliver(request, payload);
    memory_.remember(request, std::move(payload), bytes);
    return;
  }
  if (bytes > wire::part_size)
    deliver_in_parts(request, std::move(payload));
  else
    deliver(request, payload);
  auto why = error{errc::result_too_large,
                   "request " + std::to_string(request)
                     + " came again; it was executed, but its answer of "
                     + std::to_string(bytes) + " bytes was not kept",
                   {}};
  memory_.remember(request, wire::encode(why), 0);
}

void remote_session::fail(std::uint64_t request, error why) {
  finish(request, wire::encode(why));
}

void remote_session::fail_as_withdrawn(std::uint64_t request) {
  fail(request, {errc::cancelled, "withdrawn by the client", {}});
}

void remote_session::fail_as_pool_said(std::uint64_t request,
                                       const caf::error& why) {
  auto i = open_.find(request);
  if (i == open_.end())
    return;
  auto problem = from_caf(why);
  // Whoever has that name by now is found again.
  if (problem.code == errc::restarted || problem.code == errc::closed)
    pools_.erase(i->second.pool_name);
  if (problem.code == errc::lease_lost)
    leases_.erase(i->second.token);
  auto& name = i->second.pool_name;
  if (problem.code != errc::restarted || name.empty()) {
    fail(request, std::move(problem));
    return;
  }
  // Its actor ended; whether the pool did, the manager knows.
  ask(this, setup_.manager, caf::infinite, find_pool{name})
    .then(
      [this, request, problem](const pool_handle&) {
        if (open_.contains(request))
          fail(request, problem);
      },
      [this, request](const caf::error& x) {
        if (open_.contains(request))
          fail(request, from_caf(x));
      });
}

void remote_session::deliver(std::uint64_t request,
                             const std::string& payload) {
  send_to(this, client_, wire::answer{request, payload});
}

void remote_session::deliver_in_parts(std::uint64_t request,
                                      std::string payload) {
  send_to(this, client_, wire::answer{request, {}, payload.size()});
  sender_.add(request, std::move(payload));
  send_parts();
}

void remote_session::send_parts() {
  sender_.send_due([this](std::uint64_t request, std::string bytes) {
    send_to(this, client_, wire::part{request, std::move(bytes)});
  });
}

void remote_session::with_pool(std::uint64_t request, const std::string& name,
                               std::function<void(const pool_handle&)> f) {
  open_[request].pool_name = name;
  // Before the question, so that what changes meanwhile is asked for again.
  if (auto now = setup_.version->load(); now != pools_version_) {
    pools_.clear();
    pools_version_ = now;
  }
  if (auto i = pools_.find(name); i != pools_.end()) {
    f(i->second);
    return;
  }
  ask(this, setup_.manager, caf::infinite, find_pool{name})
    .then(
      [this, request, name, version = pools_version_,
       f = std::move(f)](const pool_handle& x) {
        if (version == pools_version_)
          pools_.insert_or_assign(name, x);
        auto i = open_.find(request);
        if (i == open_.end())
          return;
        if (i->second.withdrawn)
          fail_as_withdrawn(request);
        else
          f(x);
      },
      [this, request](const caf::error& why) {
        fail_as_pool_said(request, why);
      });
}

void remote_session::on_tokens(const tokens_changed& x) {
  auto why = x.tokens->objection(setup_.who, setup_.token);
  if (why.empty()) {
    setup_.who = *x.tokens->find(setup_.who.name, setup_.token);
    return;
  }
  // A failure of no request is one of the session.
  deliver(0, wire::encode({errc::unauthorized, why, {}}));
  end(why, true);
}

// -- time ---------------------------------------------------------------------

void remote_session::arm() {
  if (next_tick_ != never)
    return;
  auto period = std::clamp<duration>(setup_.limits.lease_ttl / 10,
                                     std::chrono::milliseconds{10},
                                     std::chrono::milliseconds{250});
  next_tick_ = clock::now() + period;
  send_later(this, session_shell{this}, period, session_tick{});
}

void remote_session::on_tick() {
  auto now = clock::now();
  // The whole node stood still: what the client said meanwhile is still in the
  // mailbox.
  if (now - next_tick_ > setup_.limits.lease_ttl / 2)
    heard_at_ = now;
  next_tick_ = never;
  expire_requests(now);
  expire_client(now);
  event_credit_ = events_per_refill;
  if (!open_.empty() || !leases_.empty() || !subscriptions_.empty())
    arm();
}

void remote_session::expire_requests(time_point now) {
  std::vector<std::uint64_t> overdue;
  for (auto& [id, x] : open_)
    if (x.guard <= now)
      overdue.push_back(id);
  for (auto id : overdue) {
    auto& x = open_[id];
    if (x.pool)
      send_to(this, x.pool, cancel_request{id});
    auto why = error{errc::internal, {}, {}};
    if (x.kind == request_kind::acquire)
      why.code = errc::acquire_timeout;
    else if (x.kind == request_kind::execute)
      why.code = x.pool ? errc::outcome_unknown : errc::execute_timeout;
    why.message = x.rest ? "the statements did not arrive"
                         : "pool \"" + x.pool_name + "\" did not answer";
    why.message += " within the limit of the request";
    why.message += x.rest ? "" : "; look at its health";
    why.message += x.pool ? "" : ". Nothing was sent to a server";
    fail(id, std::move(why));
  }
}

void remote_session::expire_client(time_point now) {
  if (now - heard_at_ <= setup_.limits.lease_ttl)
    return;
  for (auto& [id, x] : open_)
    if (x.kind == request_kind::acquire && !x.withdrawn) {
      x.withdrawn = true;
      if (x.pool)
        send_to(this, x.pool, cancel_request{id});
    }
  revoke_all("the client was silent for " + to_rough_text(now - heard_at_)
             + ", longer than the lease_ttl of "
             + to_rough_text(setup_.limits.lease_ttl));
}

// -- end ----------------------------------------------------------------------

void remote_session::end(const std::string& reason, bool tell_client) {
  if (setup_.log)
    setup_.log->write(severity::info, "remote_session_ended",
                      {{"principal", setup_.who.name},
                       {"client", setup_.client_name},
                       {"leases", std::to_string(leases_.size())},
                       {"requests", std::to_string(open_.size())},
                       {"reason", reason}});
  clean_up();
  if (tell_client)
    send_to(this, client_, wire::farewell{reason});
  quit();
}

void remote_session::clean_up() {
  for (auto& [id, x] : open_)
    if (x.pool)
      send_to(this, x.pool, cancel_request{id});
  open_.clear();
  collector_.clear();
  sender_.clear();
  setup_.counters->leases_revoked += leases_.size();
  for (auto& [token, x] : leases_)
    send_to(this, x.pool, revoke_lease{x.id});
  leases_.clear();
}

} // namespace caf_pool

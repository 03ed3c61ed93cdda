#include "caf_pool/actor/pool_actor.hpp"

#include "caf_pool/actor/pool_check.hpp"
#include "caf_pool/backend/registry.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// Between two looks at what the server warned of.
constexpr duration pause_between_warnings = std::chrono::seconds{1};

error it_ends(const std::string& name) {
  return {errc::draining,
          "pool \"" + name
            + "\" drains; it can be brought back when it is closed",
          {}};
}

error stopped_unfinished() {
  return {errc::outcome_unknown,
          "the pool's actor ended while the statement was being stopped; it "
          "may have taken effect or not: look before you repeat it",
          {}};
}

/// Returns the only order if it is a grant that nothing has to precede.
const effect::grant* only_grant(const effects& orders) {
  auto* result = orders.size() == 1
                   ? std::get_if<effect::grant>(&orders.front())
                   : nullptr;
  return result != nullptr && !result->read_only ? result : nullptr;
}

} // namespace

// -- life ---------------------------------------------------------------------

pool_actor::pool_actor(caf::actor_config& cfg,
                       std::shared_ptr<pool_estate> estate)
  : pool_shell::base(cfg),
    estate_(std::move(estate)),
    machine_(estate_->next_machine()) {
  drop_unexpected(this);
}

pool_actor::behavior_type pool_actor::make_behavior() {
  estate_->install(this);
  take_over();
  return {
    [this](const acquire& x) { return on_acquire(x); },
    [this](const acquire_lease& x) { return on_acquire_lease(x); },
    [this](const release& x) { on_release(x); },
    [this](const revoke_lease& x) { on_revoke(x); },
    [this](const execute& x) { return on_execute(x); },
    [this](const cancel_request& x) { on_cancel(x); },
    [this](const get_snapshot&) { return on_snapshot(); },
    [this](const subscribe& x) { on_subscribe(x); },
    [this](const control& x) { return on_control(x); },
    [this](const reconfigure& x) { return on_reconfigure(x); },
    [this](const queue_caller& x) { on_queue(x); },
    [this](const withdraw_caller& x) { on_withdraw(x.caller); },
    [this](const slot_released& x) { on_released(x.slot); },
    [this](const job_finished& x) { on_finished(x.job); },
    [this](const wake_up& x) { on_wake_up(x); },
  };
}

void pool_actor::take_over() {
  auto now = clock::now();
  estate_->slots->advance_clock(now);
  for (auto& subscriber : estate_->subscribers)
    attend(subscriber.address());
  auto old = std::move(estate_->predecessor);
  if (old == nullptr) {
    act(machine_.start(now));
    return;
  }
  act(machine_.succeed(*old, now));
  act(desk().succeed(now));
  // Facts whose messages died with the predecessor.
  estate_->slots->for_each([this](const slot_view& x) {
    if (x.state == slot_state::returned)
      on_released(x.slot);
    else if (x.state == slot_state::empty)
      tell_withdrawn(x);
  });
  observe_front(false);
  std::vector<job_ptr> ended;
  for (auto& [id, job] : estate_->jobs)
    if (job->finished.load(std::memory_order_acquire))
      ended.push_back(job);
  for (auto& job : ended)
    on_finished(job);
  std::vector<caf::actor_addr> gone;
  for (auto& [id, entry] : estate_->vault)
    if (entry.by_id.holder && !attend(entry.by_id.holder))
      gone.push_back(entry.by_id.holder);
  for (auto& who : gone)
    on_down(who);
}

void pool_actor::on_exit() {
  auto over = machine_.state().life == pool_life::closed;
  auto why = over ? error{errc::closed, "the pool is closed", {}}
                  : error{errc::restarted,
                          "the pool's actor ended; nothing was executed, ask "
                          "again",
                          {}};
  for (auto& [id, who] : callers_.take_all()) {
    auto* job = estate_->desk.job_of(id);
    auto sent = job != nullptr && job->now != desk_job::stage::queued;
    if (!sent || !std::holds_alternative<waiting_execute_ptr>(who.reply))
      fail(who, why);
    else if (job->stopped) // else its worker answers
      fail(who, stopped_unfinished());
  }
  for (auto& x : draining_)
    if (over)
      x.deliver(accepted{});
    else
      x.deliver(to_caf(why));
  draining_.clear();
  if (over) // the supervisor may have ended before, because nobody knew it
    estate_->finish();
}

void pool_actor::on_wake_up(const wake_up& x) {
  if (x.number != timer_)
    return;
  armed_for_ = never;
  auto now = clock::now();
  tell_warnings(now);
  estate_->slots->advance_clock(now);
  observe_front(estate_->config.leak_threshold > duration::zero());
  act(machine_.tick(now));
  act(desk().tick(now));
}

// -- asking -------------------------------------------------------------------

void pool_actor::begin_waiting(pool_caller who, const call_options& how) {
  auto now = clock::now();
  auto id = estate_->next_ticket();
  callers_.add(id, std::move(who));
  act(machine_.acquire({id, how}, now));
}

caf::result<lease_grant> pool_actor::on_acquire(const acquire& x) {
  // Before the promise, which takes the sender for itself on CAF 0.17.
  auto from = caf::actor_cast<caf::actor_addr>(current_sender());
  if (!from || !attend(from))
    return to_caf({errc::invalid_argument,
                   "nobody would hold the lease: ask as an actor",
                   {}});
  if (auto granted = take_from_front(x, from))
    return *std::move(granted);
  auto now = clock::now();
  auto id = estate_->next_ticket();
  auto orders = machine_.acquire({id, x.how}, now);
  if (auto* granted = only_grant(orders)) {
    // The usual case: served at once, and nothing else to do.
    estate_->meters->wait_time.record(granted->waited);
    estate_->hold_by_id(granted->lease.connection,
                        {from, x.request, granted->lease});
    auto result = lease_grant{granted->lease, granted->waited};
    machine_.reuse(std::move(orders));
    settle();
    return result;
  }
  auto reply = make_response_promise<lease_grant>();
  callers_.add(id, {reply, from, x.request});
  act(std::move(orders));
  return reply;
}

pool_actor::promise<lease_ptr> pool_actor::on_acquire_lease(
  const acquire_lease& x) {
  auto from = caf::actor_cast<caf::actor_addr>(current_sender());
  auto reply = make_response_promise<lease_ptr>();
  attend(from);
  begin_waiting({reply, from, x.wish.request}, x.wish.how);
  return reply;
}

caf::delegated<outcome> pool_actor::on_execute(const execute& x) {
  auto from = caf::actor_cast<caf::actor_addr>(current_sender());
  attend(from);
  auto due = std::make_unique<waiting_execute>(
    waiting_execute{late_reply<outcome>::to_request_of(this), x.what});
  auto now = clock::now();
  if (x.how.deadline) // as the machine does it
    due->deadline = std::max(*x.how.deadline, now);
  due->limit = allowance(x.how, now);
  due->read_only = x.how.read_only;
  due->bound_by_pool = x.how.bound_by_pool;
  due->on_lease = static_cast<bool>(x.lease);
  if (!due->on_lease && !std::holds_alternative<sql_batch>(x.what.what))
    due->again
      = std::make_unique<second_try>(second_try{x.how, from, x.request});
  if (due->on_lease)
    execute_on(x, std::move(due), from);
  else
    begin_waiting({std::move(due), from, x.request}, x.how);
  return {};
}

void pool_actor::execute_on(const execute& x, waiting_execute_ptr due,
                            const caf::actor_addr& from) {
  auto& lease = x.lease;
  auto* entry = estate_->find(lease.connection);
  if (!held_under(lease, entry) || entry->by_id.holder != from) {
    due->reply->fail({errc::lease_lost,
                      "the lease " + to_string(lease)
                        + " is not yours any more; acquire another",
                      {}});
    return;
  }
  if (estate_->desk.busy(lease.connection)) {
    due->reply->fail({errc::invalid_argument,
                      "a statement runs on this lease already; wait for its "
                      "answer",
                      {}});
    return;
  }
  claim(lease.connection);
  auto id = estate_->next_ticket();
  callers_.add(id, {std::move(due), from, x.request});
  hand_over(effect::grant{id, lease});
}

void pool_actor::on_queue(const queue_caller& x) {
  auto now = clock::now();
  callers_.add(x.wish.caller, {x.answer, {}, 0, x.who});
  act(machine_.acquire(x.wish, now));
}

// -- withdrawing --------------------------------------------------------------

void pool_actor::on_withdraw(ticket x) {
  callers_.take(x);
  withdraw(x);
}

void pool_actor::withdraw(ticket id) {
  // What has ended needs no stopping, even if its report is on the way.
  if (auto* job = estate_->desk.job_of(id))
    if (auto ended = estate_->jobs.at(job->what.id); ended->finished.load())
      on_finished(ended);
  act(machine_.cancel(id, clock::now()));
  act(desk().withdraw(id, clock::now()));
}

void pool_actor::on_cancel(const cancel_request& x) {
  auto from = caf::actor_cast<caf::actor_addr>(current_sender());
  if (auto id = callers_.of_request(from, x.request)) {
    withdraw(*id);
    // A statement's end answers.
    if (estate_->desk.job_of(*id) != nullptr)
      return;
    if (auto who = callers_.take(*id))
      fail(*who, {errc::cancelled, "withdrawn by its caller", {}});
    return;
  }
  // Granted meanwhile: the lease is taken back.
  for (auto& [id, entry] : estate_->vault) {
    if (from && entry.by_id.holder == from
        && entry.by_id.request == x.request) {
      on_revoke({entry.by_id.lease});
      return;
    }
  }
}

bool pool_actor::attend(const caf::actor_addr& who) {
  if (!who || watched_.contains(who))
    return true;
  auto alive = caf::actor_cast<caf::actor>(who);
  if (!alive)
    return false;
  // Once for all its requests: each watch would be told by itself.
  watched_.insert(who);
  watch_actor(
    this, alive,
    [this](const caf::actor_addr& addr, const caf::error&) { on_down(addr); });
  return true;
}

void pool_actor::on_down(const caf::actor_addr& who) {
  watched_.erase(who);
  if (auto gone = caf::actor_cast<caf::actor>(who))
    estate_->subscribers.erase(gone);
  std::vector<lease_id> left;
  for (auto& [id, entry] : estate_->vault)
    if (entry.by_id.holder == who)
      left.push_back(entry.by_id.lease);
  for (auto& lease : left)
    on_revoke({lease});
  for (auto id : callers_.of_sender(who))
    on_withdraw(id);
}

void pool_actor::on_revoke(const revoke_lease& x) {
  auto id = x.lease.connection;
  if (held_under(x.lease, estate_->find(id))) {
    claim(id);
    estate_->hold_by_id(id, {});
  }
  act(machine_.holder_lost(x.lease, estate_->desk.busy(id), clock::now()));
}

// -- the front ----------------------------------------------------------------

std::optional<lease_grant> pool_actor::take_from_front(
  const acquire& x, const caf::actor_addr& from) {
  if (x.how.expected > duration::zero() || x.how.read_only)
    return std::nullopt; // the front remembers nothing and asks no server
  auto held = estate_->slots->try_take(holder{});
  if (!held)
    return std::nullopt;
  auto lease = estate_->hold_from_front(
    held, {from, x.request, {}, {}, x.how.holder}, machine_.state().epoch);
  estate_->meters->wait_time.record(duration::zero());
  return lease_grant{lease, duration::zero()};
}

bool pool_actor::held_under(const lease_id& lease,
                            const vault_entry* entry) const {
  return entry != nullptr && entry->by_id.lease == lease
         && (entry->by_id.from_front || machine_.state().leases.valid(lease));
}

void pool_actor::claim(connection_id id) {
  if (auto in = estate_->claim(id))
    act(machine_.claimed(*in, clock::now()));
}

void pool_actor::observe_front(bool with_names) {
  act(machine_.observe_front(estate_->look_at_front(with_names), clock::now()));
}

void pool_actor::tell_withdrawn(const slot_view& x) {
  auto* entry = estate_->find(x.connection);
  auto uses
    = entry != nullptr ? pool_estate::front_uses(*entry, x.generation) : 0;
  act(machine_.withdrawn(x.connection, uses, clock::now()));
}

// -- coming back --------------------------------------------------------------

void pool_actor::on_released(slot_index slot) {
  auto back = estate_->slots->collect(slot);
  if (!back)
    return;
  if (auto late = estate_->lingering.extract(slot); !late.empty()) {
    estate_->slots->unbind(slot);
    act(desk().let_go(late.mapped(), clock::now()));
    return;
  }
  auto* entry = estate_->find(back->connection);
  if (entry == nullptr)
    return;
  auto end = estate_->end_of(*back, *entry);
  act(machine_.returned(back->connection, end, clock::now()));
}

void pool_actor::on_release(const release& x) {
  auto id = x.lease.connection;
  auto* entry = estate_->find(id);
  auto left = entry != nullptr ? entry->held->object->state() : trace::clean;
  if (held_under(x.lease, entry)) {
    if (entry->by_id.from_front && !x.why && left == trace::clean) {
      estate_->give_back(*entry, condition::clean);
      entry->by_id = {};
      return;
    }
    claim(id);
  }
  if (machine_.state().leases.valid(x.lease) && estate_->desk.busy(id)) {
    // The statement's end ends the lease: nobody else may have it before.
    estate_->hold_by_id(id, {});
    return;
  }
  auto end = lease_end{x.why ? trace::broken : left, x.why};
  auto now = clock::now();
  note_end(x.lease, now);
  act(machine_.release(x.lease, end, now));
}

void pool_actor::note_end(const lease_id& lease, time_point now) {
  auto& leases = machine_.state().leases;
  if (!leases.valid(lease))
    return;
  estate_->meters->use_time.record(now - leases.find(lease.connection)->since);
  estate_->hold_by_id(lease.connection, {});
}

void pool_actor::on_finished(const job_ptr& job) {
  act(desk().finished(job->order.id, {!job->why, job->took}, clock::now()));
}

// -- operators ----------------------------------------------------------------

void pool_actor::on_subscribe(const subscribe& x) {
  auto who = x.who ? x.who : caf::actor_cast<caf::actor>(current_sender());
  if (!who)
    return;
  if (x.stop)
    estate_->subscribers.erase(who);
  else if (attend(who.address()))
    estate_->subscribers.insert(who);
}

pool_actor::promise<accepted> pool_actor::on_control(const control& x) {
  auto reply = make_response_promise<accepted>();
  auto now = clock::now();
  if (x.what == control::verb::resume && ends(machine_.state().life)) {
    reply.deliver(to_caf(it_ends(estate_->config.name)));
    return reply;
  }
  switch (x.what) {
    case control::verb::pause:
      act(machine_.pause(now));
      break;
    case control::verb::resume:
      act(machine_.resume(now));
      break;
    case control::verb::reconnect:
      act(machine_.reconnect(now));
      break;
    case control::verb::force_open:
      act(machine_.force_breaker(breaker_state::forced_open, now));
      break;
    case control::verb::force_closed:
      act(machine_.force_breaker(breaker_state::forced_closed, now));
      break;
    case control::verb::reset_breaker:
      act(machine_.force_breaker(breaker_state::closed, now));
      break;
    case control::verb::drain:
      draining_.push_back(reply);
      act(machine_.drain(now));
      act(desk().drain(x.limit, now));
      return reply;
  }
  reply.deliver(accepted{});
  return reply;
}

caf::result<accepted> pool_actor::on_reconfigure(const reconfigure& x) {
  if (ends(machine_.state().life))
    return to_caf(it_ends(estate_->config.name));
  auto problems
    = check_pool(x.config, x.backend ? x.backend : estate_->backend);
  if (!problems.empty())
    return to_caf(config_error(problems));
  estate_->config = x.config;
  if (x.backend)
    estate_->backend = x.backend;
  for (auto& [id, entry] : estate_->vault)
    entry.held->execute_timeout = x.config.execute_timeout;
  auto recycle = x.recycle || x.backend != nullptr;
  act(machine_.configure(x.config, recycle, clock::now()));
  act(desk().configure(x.config, clock::now()));
  return accepted{};
}

pool_snapshot pool_actor::on_snapshot() {
  observe_front(true);
  auto result = machine_.snapshot(clock::now());
  estate_->measure(result);
  return result;
}

void pool_actor::tell_warnings(time_point now) {
  auto& box = estate_->meters->warnings;
  if (box.empty() || now < next_warnings_)
    return;
  next_warnings_ = now + pause_between_warnings;
  for (auto& [connection, text] : estate_->take_warnings())
    tell(event_kind::server_warning, connection, std::move(text));
}

void pool_actor::tell(event_kind kind, connection_id connection,
                      std::string text) {
  auto event = effect::emit{{kind, {}, connection, std::move(text)}};
  perform(event);
}

} // namespace caf_pool

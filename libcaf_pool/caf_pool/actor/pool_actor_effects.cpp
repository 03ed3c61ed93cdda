#include "caf_pool/actor/pool_actor.hpp"
#include "caf_pool/actor/why_it_ended.hpp"
#include "caf_pool/actor/worker.hpp"
#include "caf_pool/lease/second_try.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

#ifdef NDEBUG
constexpr std::uint32_t check_interval = 1000;
#else
constexpr std::uint32_t check_interval = 1;
#endif

} // namespace

// -- acting -------------------------------------------------------------------

void pool_actor::act(effects orders) {
  if (acting_) {
    for (auto& x : orders)
      todo_.push_back(std::move(x));
    machine_.reuse(std::move(orders));
    return;
  }
  acting_ = true;
  for (auto& x : orders)
    std::visit([this](auto& order) { perform(order); }, x);
  machine_.reuse(std::move(orders));
  act_on_the_rest();
}

void pool_actor::act(desk_effects orders) {
  for (auto& x : orders)
    desk_todo_.push_back(x);
  estate_->desk.reuse(std::move(orders));
  if (!std::exchange(acting_, true))
    act_on_the_rest();
}

void pool_actor::act_on_the_rest() {
  while (!todo_.empty() || !desk_todo_.empty()) {
    if (todo_.empty()) { // the machine's orders come before what it hears next
      auto x = desk_todo_.front();
      desk_todo_.pop_front();
      std::visit([this](auto& order) { perform(order); }, x);
      continue;
    }
    auto x = std::move(todo_.front());
    todo_.pop_front();
    std::visit([this](auto& order) { perform(order); }, x);
  }
  acting_ = false;
  settle();
}

void pool_actor::settle() {
  check_invariants();
  if (machine_.over() && estate_->desk.at_rest()) {
    estate_->dismiss_workers();
    quit();
  }
  arm_timer();
}

void pool_actor::check_invariants() {
  if (++checks_ % check_interval != 0)
    return;
  for (auto& text : machine_.violations(machine_.state().last_input))
    tell(event_kind::invariant_broken, {}, text);
  for (auto& text : estate_->desk.violations())
    tell(event_kind::invariant_broken, {}, text);
}

void pool_actor::arm_timer() {
  estate_->note_leases();
  auto next = std::min(machine_.next_wakeup(), estate_->desk.next_wakeup());
  if (!estate_->meters->warnings.empty())
    next = std::min(next, next_warnings_);
  if (next >= armed_for_)
    return;
  armed_for_ = next;
  auto delay = std::max<duration>(next - clock::now(), duration::zero());
  send_later(this, pool_shell{this}, delay, wake_up{++timer_});
}

// -- granting -----------------------------------------------------------------

void pool_actor::perform(const effect::grant& x) {
  auto* who = callers_.find(x.caller);
  if (who == nullptr) {
    // Nobody waits for it any more.
    auto end = lease_end{};
    end.unused = true;
    act(machine_.release(x.lease, end, clock::now()));
    return;
  }
  estate_->meters->wait_time.record(x.waited);
  // What is executed restricts the connection by itself.
  if (!x.read_only || std::holds_alternative<waiting_execute_ptr>(who->reply)) {
    hand_over(x);
    return;
  }
  auto job = make_job(job_kind::restrict, x.lease.connection, x.until);
  job->order.caller = x.caller;
  job->lease = x.lease;
  job->waited = x.waited;
  order(job);
}

void pool_actor::hand_over(const effect::grant& x) {
  auto* who = callers_.find(x.caller);
  if (auto* due = std::get_if<waiting_execute_ptr>(&who->reply)) {
    give(**due, x); // answered when the statement ends, which may be at once
    return;
  }
  auto taken = *callers_.take(x.caller);
  std::visit(
    [&](auto& to) {
      if constexpr (!std::is_same_v<decltype(to), waiting_execute_ptr&>)
        give(to, x, taken);
    },
    taken.reply);
}

void pool_actor::give(std::shared_ptr<granter>& to, const effect::grant& x,
                      const pool_caller& who) {
  auto id = x.lease.connection;
  auto end = lease_end{};
  auto held = estate_->lend(id, who.who);
  if (held && to->grant(*held))
    return;
  if (held) {
    estate_->take_back_unused(id, *held); // the caller gave up a moment ago
    end.unused = true;
  } else {
    to->fail({errc::internal, "the front has no slot left", {}});
  }
  act(machine_.release(x.lease, end, clock::now()));
}

void pool_actor::give(promise<lease_ptr>& to, const effect::grant& x,
                      const pool_caller& who) {
  if (auto held = estate_->lend(x.lease.connection, who.who)) {
    to.deliver(std::make_shared<lease>(*held));
    return;
  }
  to.deliver(to_caf({errc::internal, "the front has no slot left", {}}));
  act(machine_.release(x.lease, {}, clock::now()));
}

void pool_actor::give(promise<lease_grant>& to, const effect::grant& x,
                      const pool_caller& who) {
  estate_->hold_by_id(x.lease.connection, {who.from, who.request, x.lease});
  to.deliver(lease_grant{x.lease, x.waited});
}

void pool_actor::give(waiting_execute& to, const effect::grant& x) {
  auto now = clock::now();
  auto deadline = add_saturated(now, estate_->config.execute_timeout);
  if (to.deadline)
    deadline
      = to.bound_by_pool ? std::min(*to.deadline, deadline) : *to.deadline;
  auto job = make_job(job_kind::execute, x.lease.connection, deadline);
  job->order.caller = x.caller;
  job->order.allowed = to.limit;
  job->order.on_lease = to.on_lease;
  job->what = std::move(to.what);
  job->read_only = to.read_only;
  job->lease = x.lease;
  job->reply = to.reply;
  if (to.again && job->target != nullptr) {
    job->again = std::move(to.again);
    job->again->deadline = deadline;
    job->order.deadline
      = end_of_first_try(*job->target->object, job->what, now, deadline);
  }
  order(job);
}

void pool_actor::perform(effect::reject& x) {
  if (auto who = callers_.take(x.caller))
    fail(*who, x.why);
}

// -- the machine's jobs -------------------------------------------------------

work_desk& pool_actor::desk() {
  estate_->desk.note_waiters(!machine_.state().queue.empty());
  return estate_->desk;
}

job_ptr pool_actor::make_job(job_kind kind, connection_id id,
                             time_point deadline) const {
  auto job = std::make_shared<pool_job>();
  job->order.kind = kind;
  job->order.connection = id;
  job->order.deadline = deadline;
  job->policy = estate_->config.reset_on_release;
  if (kind == job_kind::open || kind == job_kind::look)
    job->backend = estate_->backend;
  if (auto* entry = estate_->find(id))
    job->target = entry->held;
  return job;
}

void pool_actor::order(const job_ptr& job) {
  if (job->backend == nullptr && job->target == nullptr)
    return; // the connection is gone; so is whoever waits for the answer
  auto id = estate_->desk.next_job();
  job->order.id = id;
  estate_->jobs.emplace(id, job);
  act(desk().order(job->order, clock::now()));
}

void pool_actor::order(job_kind kind, connection_id id, time_point deadline) {
  order(make_job(kind, id, deadline));
}

void pool_actor::perform(const effect::open_connection& x) {
  order(job_kind::open, x.connection, x.deadline);
}

void pool_actor::perform(const effect::call_off_opening& x) {
  act(desk().call_off(x.connection, x.abort, clock::now()));
}

void pool_actor::perform(const effect::probe_connection& x) {
  order(job_kind::probe, x.connection, x.deadline);
}

void pool_actor::perform(const effect::reset_connection& x) {
  order(job_kind::reset, x.connection, x.deadline);
}

void pool_actor::perform(const effect::cancel_connection& x) {
  order(job_kind::cancel, x.connection, x.deadline);
}

void pool_actor::perform(const effect::look& x) {
  auto job = make_job(job_kind::look, {}, x.deadline);
  job->look = x.number;
  order(job);
}

void pool_actor::perform(const effect::close_connection& x) {
  auto node = estate_->vault.extract(x.connection);
  if (node.empty()) {
    if (!estate_->desk.closes(x.connection))
      act(machine_.closed(x.connection, clock::now()));
    return;
  }
  auto& entry = node.mapped();
  auto job = make_job(job_kind::close, x.connection, x.deadline);
  estate_->end_grant(entry);
  if (x.abort)
    entry.held->object->abort();
  if (entry.slot) {
    auto& slots = *estate_->slots;
    slots.withdraw(*entry.slot);
    slots.collect(*entry.slot);
    job->order.held = !slots.unbind(*entry.slot);
    if (job->order.held)
      estate_->lingering.insert_or_assign(*entry.slot, x.connection);
  }
  job->target = std::move(entry.held);
  order(job);
}

// -- leases and the front -----------------------------------------------------

void pool_actor::perform(const effect::revoke_lease& x) {
  auto* entry = estate_->find(x.lease.connection);
  if (entry == nullptr)
    return;
  if (entry->slot) {
    auto generation
      = x.from_front ? x.lease.slot_generation() : entry->granted_generation;
    estate_->slots->revoke(*entry->slot, generation);
  }
  estate_->give_back(*entry, condition::broken);
  entry->by_id = {};
  entry->held->object->abort();
}

void pool_actor::perform(const effect::offer_connection& x) {
  auto slot = estate_->slot_of(x.connection);
  if (!slot)
    return;
  estate_->note_leases(); // it may be taken, and counted, at once
  estate_->slots->offer(*slot);
}

void pool_actor::perform(const effect::withdraw_connection& x) {
  auto* entry = estate_->find(x.connection);
  if (entry == nullptr || !entry->slot)
    return;
  if (estate_->slots->recall(*entry->slot) == recalled::withdrawn)
    tell_withdrawn(estate_->slots->view(*entry->slot));
}

void pool_actor::perform(const effect::withdraw_any&) {
  auto slot = estate_->slots->withdraw_any();
  if (slot)
    tell_withdrawn(estate_->slots->view(*slot));
  else
    act(machine_.front_empty(clock::now()));
}

void pool_actor::perform(const effect::shut_front& x) {
  estate_->slots->set_shut(x.shut);
}

void pool_actor::perform(effect::emit& x) {
  x.event.pool = estate_->config.name;
  for (auto& subscriber : estate_->subscribers)
    post_to(subscriber, x.event);
}

// -- the desk's orders --------------------------------------------------------

void pool_actor::perform(const desk_effect::hire& x) {
  auto report = [weak = estate_->weak_from_this()](const job_ptr& job) {
    if (auto estate = weak.lock())
      if (auto shell = estate->shell())
        post_to(shell, job_finished{job});
  };
  estate_->workers.emplace(x.worker, spawn_worker(system(), report));
}

void pool_actor::perform(const desk_effect::dismiss& x) {
  auto worker = estate_->workers.extract(x.worker);
  if (!worker.empty())
    send_to(this, worker.mapped(), dismiss{});
}

void pool_actor::perform(const desk_effect::run& x) {
  auto& job = estate_->jobs.at(x.job);
  job->order.deadline = x.deadline; // that of a close may have moved
  send_to(this, estate_->workers.at(x.worker), run_job{job});
}

void pool_actor::perform(const desk_effect::stop& x) {
  auto& job = estate_->jobs.at(x.job);
  // Either the worker sees this before it answers, or it has finished before.
  job->cancelled.store(true);
  if (estate_->jobs.contains(x.by))
    return; // the machine ordered it
  auto cancel = std::make_shared<pool_job>();
  cancel->order = {x.by, job_kind::cancel, job->order.connection};
  cancel->target = job->target;
  estate_->jobs.emplace(x.by, std::move(cancel));
}

void pool_actor::perform(const desk_effect::call_off& x) {
  auto& job = estate_->jobs.at(x.job);
  job->called_off.store(true, std::memory_order_release);
  if (x.abort)
    job->stop.request_stop();
}

void pool_actor::perform(const desk_effect::abort& x) {
  estate_->jobs.at(x.job)->target->object->abort();
}

void pool_actor::perform(const desk_effect::session_over& x) {
  act(machine_.closed(x.connection, clock::now()));
}

void pool_actor::perform(const desk_effect::shut_down&) {
  act(machine_.shut_down(clock::now()));
  // Also what was taken from the front since the last look.
  observe_front(true);
}

void pool_actor::perform(const desk_effect::answer_drain&) {
  for (auto& reply : draining_)
    reply.deliver(accepted{});
  draining_.clear();
}

// -- how jobs end -------------------------------------------------------------

void pool_actor::perform(const desk_effect::end& x) {
  auto i = estate_->jobs.find(x.job);
  if (i == estate_->jobs.end())
    return;
  auto job = i->second;
  if (x.how != job_end::stuck) // else its worker will come for it
    estate_->jobs.erase(i);
  auto sent = x.how == job_end::done || x.how == job_end::stuck;
  if (serves_caller(job->order.kind)) {
    if (x.how == job_end::hurried)
      ++estate_->meters->turned_away;
    if (x.how != job_end::late)
      end_service(job, why_it_ended(*job, x, estate_->config), sent);
    return;
  }
  if (x.how == job_end::unserved)
    job->why = unserved_error(*job, estate_->config);
  if (sent || x.how == job_end::unserved || job->order.kind == job_kind::open)
    report(job);
}

void pool_actor::report(const job_ptr& job) {
  auto id = job->order.connection;
  auto now = clock::now();
  switch (job->order.kind) {
    case job_kind::open:
      report_opening(job);
      break;
    case job_kind::probe:
      act(machine_.probed(id, job->why, job->took, now));
      break;
    case job_kind::reset:
      act(machine_.reset_done(id, job->why, now));
      break;
    case job_kind::close:
      act(machine_.closed(id, now));
      break;
    case job_kind::look:
      act(machine_.looked(job->look, job->why, now));
      break;
    case job_kind::cancel: // the end of the statement tells
    case job_kind::execute:
    case job_kind::restrict:
      break;
  }
}

void pool_actor::report_opening(const job_ptr& job) {
  auto id = job->order.connection;
  auto now = clock::now();
  if (!job->begun && !job->why) {
    act(machine_.not_opened(id, now));
    return;
  }
  estate_->meters->open_time.record(job->took);
  if (job->opened) {
    estate_->store(id, std::move(job->opened));
    act(machine_.opened(id, job->took, now));
  } else {
    act(machine_.open_failed(id, job->why, job->took, now));
  }
}

void pool_actor::end_service(const job_ptr& job, const error& why, bool sent) {
  auto end = lease_end{};
  end.left = job->target->object->state();
  end.unused = !sent;
  if (end.left == trace::broken) // perhaps from outside, after it went well
    end.why = why;
  auto restricted = job->order.kind == job_kind::restrict && !why
                    && end.left != trace::broken && !job->cancelled.load()
                    && machine_.state().leases.valid(job->lease);
  if (restricted && callers_.find(job->order.caller) != nullptr) {
    hand_over({job->order.caller, job->lease, job->waited});
    return;
  }
  auto now = clock::now();
  auto again = job->repeat && sent && !job->cancelled.load();
  if (again)
    callers_.take(job->order.caller);
  else
    answer_caller(job, why);
  auto kept
    = estate_->held_by_id(job->order.connection) && end.left != trace::broken;
  if (!kept)
    note_end(job->lease, now);
  act(machine_.work_done(job->lease, end, kept, now));
  if (again)
    try_again(job);
}

void pool_actor::try_again(const job_ptr& job) {
  auto& from = *job->again;
  auto due = std::make_unique<waiting_execute>(
    waiting_execute{job->reply, std::move(job->what)});
  // Both tries share one deadline, be it the caller's or the pool's.
  from.how.deadline = due->deadline = from.deadline;
  from.how.wait_until.reset();
  due->limit = job->order.allowed;
  due->read_only = job->read_only;
  begin_waiting({std::move(due), from.from, from.request}, from.how);
}

void pool_actor::answer_caller(const job_ptr& job, const error& why) {
  auto who = callers_.take(job->order.caller);
  if (who && job->order.kind == job_kind::restrict)
    fail(*who, why_not_restricted(*job, why));
  answer(*job, why);
}

} // namespace caf_pool

#include "caf_pool/actor/pool_actor.hpp"

#include <utility>

namespace caf_pool {

namespace {

/// How long the pool waits for a holder that was fenced off before it opens
/// another connection in the place of the one it cut off.
constexpr duration linger_limit = std::chrono::seconds{1};

} // namespace

void pool_actor::perform(const effect::grant& x) {
  auto i = callers_.find(x.caller);
  if (i == callers_.end()) {
    // Nobody waits for it any more.
    auto end = lease_end{};
    end.unused = true;
    act(machine_.release(x.lease, end, clock::now()));
    return;
  }
  estate_->meters->wait_time.record(x.waited);
  auto& who = i->second;
  // What is executed restricts the connection by itself.
  if (!x.read_only || std::holds_alternative<waiting_execute>(who.reply)) {
    hand_over(i, x);
    return;
  }
  auto job = make_job(job_kind::restrict, x.lease.connection, who.until);
  job->caller = x.caller;
  job->lease = x.lease;
  job->waited = x.waited;
  start(std::move(job));
}

void pool_actor::hand_over(caller_table::iterator place,
                           const effect::grant& x) {
  auto node = callers_.extract(place);
  auto& who = node.mapped();
  if (who.request != 0 && !std::holds_alternative<waiting_execute>(who.reply))
    requests_.erase({who.from, who.request});
  if (auto* local = std::get_if<std::shared_ptr<granter>>(&who.reply)) {
    give(*local, x, who);
  } else if (auto* by_id = std::get_if<promise<lease_grant>>(&who.reply)) {
    give(*by_id, x, who);
  } else if (auto* object = std::get_if<promise<lease_ptr>>(&who.reply)) {
    give(*object, x);
  } else {
    // Answered when the statement ends, which may be at once.
    auto& back = callers_.insert(std::move(node)).position->second;
    give(std::get<waiting_execute>(back.reply), x);
  }
}

void pool_actor::perform(effect::reject& x) {
  auto node = callers_.extract(x.caller);
  if (node.empty())
    return;
  auto& who = node.mapped();
  requests_.erase({who.from, who.request});
  fail(who, x.why);
}

void pool_actor::perform(const effect::open_connection& x) {
  start(make_job(job_kind::open, x.connection, x.deadline));
}

void pool_actor::perform(const effect::call_off_opening& x) {
  auto job = running_on(x.connection, job_kind::open);
  if (job == nullptr)
    return;
  job->called_off.store(true, std::memory_order_release);
  if (x.abort)
    job->stop.request_stop();
}

void pool_actor::perform(const effect::probe_connection& x) {
  start(make_job(job_kind::probe, x.connection, x.deadline));
}

void pool_actor::perform(const effect::reset_connection& x) {
  start(make_job(job_kind::reset, x.connection, x.deadline));
}

void pool_actor::perform(const effect::close_connection& x) {
  auto node = estate_->vault.extract(x.connection);
  if (node.empty()) {
    act(machine_.closed(x.connection, clock::now()));
    return;
  }
  auto& entry = node.mapped();
  estate_->end_grant(entry);
  auto held = false;
  if (x.abort)
    entry.held->object->abort();
  if (entry.slot) {
    auto& slots = *estate_->slots;
    slots.withdraw(*entry.slot);
    slots.collect(*entry.slot);
    held = !slots.unbind(*entry.slot);
  }
  auto job = make_job(job_kind::close, x.connection, x.deadline);
  job->target = std::move(entry.held);
  if (held) // he may be in the middle of a call
    estate_->lingering.insert_or_assign(
      *entry.slot, lingering_connection{job, clock::now() + linger_limit});
  else if (busy(x.connection))
    estate_->close_after.emplace(x.connection, std::move(job));
  else
    start(std::move(job));
}

void pool_actor::perform(const effect::cancel_connection& x) {
  start(make_job(job_kind::cancel, x.connection, x.deadline));
}

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
  note_leases(); // it may be taken, and counted, at once
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

void pool_actor::perform(const effect::look& x) {
  auto job = make_job(job_kind::look, {}, x.deadline);
  job->number = x.number;
  start(std::move(job));
}

void pool_actor::perform(effect::emit& x) {
  x.event.pool = estate_->config.name;
  for (auto& subscriber : estate_->subscribers)
    post_to(subscriber, x.event);
}

} // namespace caf_pool

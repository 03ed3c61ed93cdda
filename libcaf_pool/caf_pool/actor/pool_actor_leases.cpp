#include "caf_pool/actor/pool_actor.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace caf_pool {

// -- asking -------------------------------------------------------------------

namespace {

/// The highest number of a request.
constexpr auto no_more_requests = std::numeric_limits<std::uint64_t>::max();

/// Returns the only order if it is a grant that nothing has to precede.
const effect::grant* only_grant(const effects& orders) {
  auto* result = orders.size() == 1
                   ? std::get_if<effect::grant>(&orders.front())
                   : nullptr;
  return result != nullptr && !result->read_only ? result : nullptr;
}

} // namespace

void pool_actor::expect_answer(ticket id, caller who) {
  if (who.request != 0)
    requests_.insert_or_assign({who.from, who.request}, id);
  callers_.emplace(id, std::move(who));
}

time_point pool_actor::end_of_wait(const call_options& how,
                                   time_point now) const {
  return caf_pool::end_of_wait(how, estate_->config.acquire_timeout, now);
}

void pool_actor::begin_waiting(caller who, const call_options& how) {
  auto now = clock::now();
  auto id = estate_->next_ticket();
  who.until = end_of_wait(how, now);
  expect_answer(id, std::move(who));
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
    check_invariants();
    arm_timer();
    return result;
  }
  auto reply = make_response_promise<lease_grant>();
  expect_answer(id, {reply, from, x.request, {}, end_of_wait(x.how, now)});
  act(std::move(orders));
  return reply;
}

pool_actor::promise<lease_ptr> pool_actor::on_acquire_lease(
  const acquire_lease& x) {
  // Before the promise, which takes the sender for itself on CAF 0.17.
  auto from = caf::actor_cast<caf::actor_addr>(current_sender());
  auto reply = make_response_promise<lease_ptr>();
  attend(from);
  begin_waiting({reply, from, x.wish.request}, x.wish.how);
  return reply;
}

void pool_actor::on_queue(const queue_caller& x) {
  auto now = clock::now();
  expect_answer(x.wish.caller,
                {x.answer, {}, 0, x.who, end_of_wait(x.wish.how, now)});
  act(machine_.acquire(x.wish, now));
}

void pool_actor::on_withdraw(ticket x) {
  callers_.erase(x);
  act(machine_.cancel(x, clock::now()));
}

void pool_actor::on_cancel(const cancel_request& x) {
  auto from = caf::actor_cast<caf::actor_addr>(current_sender());
  auto i = requests_.find({from, x.request});
  if (i == requests_.end()) {
    // Granted meanwhile: the lease is taken back.
    for (auto& [id, entry] : estate_->vault) {
      if (from && entry.by_id.holder == from
          && entry.by_id.request == x.request) {
        on_revoke({entry.by_id.lease});
        return;
      }
    }
    return;
  }
  auto id = i->second;
  if (auto job = job_of(id)) {
    stop(job);
    return;
  }
  act(machine_.cancel(id, clock::now()));
  auto why = error{errc::cancelled, "withdrawn by its caller", {}};
  auto order = effect::reject{id, why};
  perform(order);
}

// -- giving -------------------------------------------------------------------

std::optional<lease_grant> pool_actor::take_from_front(
  const acquire& x, const caf::actor_addr& from) {
  if (x.how.expected > duration::zero() || x.how.read_only)
    return std::nullopt; // the front remembers nothing and asks no server
  auto held = estate_->slots->try_take(holder{});
  if (!held)
    return std::nullopt;
  auto lease = lease_id::in_front(machine_.state().epoch, held.connection,
                                  held.generation);
  estate_->hold_by_id(held.connection, {from, x.request, lease, held,
                                        x.how.holder, clock::now()});
  estate_->meters->wait_time.record(duration::zero());
  return lease_grant{lease, duration::zero()};
}

std::optional<loan> pool_actor::lend(const effect::grant& x,
                                     const holder& who) {
  auto slot = estate_->slot_of(x.lease.connection);
  if (!slot)
    return std::nullopt;
  // First, because granting counts the peak: this lease is in a slot now, and
  // the one before it may have been by message.
  ++estate_->granted_in_slots;
  note_leases();
  auto held = estate_->slots->grant(*slot, who);
  if (!held) {
    --estate_->granted_in_slots;
    return std::nullopt;
  }
  auto* entry = estate_->find(x.lease.connection);
  ++entry->grants;
  entry->granted_generation = held.generation;
  return held;
}

void pool_actor::take_back_unused(const effect::grant& x, const loan& held) {
  estate_->slots->give_back(held, condition::clean);
  estate_->slots->collect(held.slot);
  estate_->end_grant(*estate_->find(x.lease.connection));
  auto end = lease_end{};
  end.unused = true;
  act(machine_.release(x.lease, end, clock::now()));
}

void pool_actor::give(const std::shared_ptr<granter>& to,
                      const effect::grant& x, const caller& who) {
  auto held = lend(x, who.who);
  if (!held) {
    to->fail({errc::internal, "the front has no slot left", {}});
    act(machine_.release(x.lease, {}, clock::now()));
  } else if (!to->grant(*held)) {
    take_back_unused(x, *held); // the caller gave up a moment ago
  }
}

void pool_actor::give(const promise<lease_ptr>& to, const effect::grant& x) {
  auto held = lend(x, holder{});
  auto reply = to;
  if (held) {
    reply.deliver(std::make_shared<lease>(*held));
  } else {
    reply.deliver(to_caf({errc::internal, "the front has no slot left", {}}));
    act(machine_.release(x.lease, {}, clock::now()));
  }
}

void pool_actor::give(const promise<lease_grant>& to, const effect::grant& x,
                      const caller& who) {
  estate_->hold_by_id(x.lease.connection, {who.from, who.request, x.lease});
  auto reply = to;
  reply.deliver(lease_grant{x.lease, x.waited});
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
  std::vector<ticket> waiting;
  for (auto& [id, waiter] : callers_)
    if (waiter.from == who
        && !std::holds_alternative<std::shared_ptr<granter>>(waiter.reply))
      waiting.push_back(id);
  for (auto id : waiting)
    if (auto job = job_of(id))
      stop(job);
    else
      on_withdraw(id);
  requests_.erase(requests_.lower_bound({who, 0}),
                  requests_.upper_bound({who, no_more_requests}));
}

void pool_actor::on_revoke(const revoke_lease& x) {
  auto id = x.lease.connection;
  auto is_busy = busy(id);
  if (held_under(x.lease, estate_->find(id))) {
    claim(id);
    estate_->hold_by_id(id, {});
  }
  act(machine_.holder_lost(x.lease, is_busy, clock::now()));
}

void pool_actor::on_release(const release& x) {
  auto* entry = estate_->find(x.lease.connection);
  auto left = entry != nullptr ? entry->held->object->state() : trace::clean;
  if (held_under(x.lease, entry)) {
    if (entry->by_id.from_front && !x.why && left == trace::clean) {
      estate_->give_back(*entry, condition::clean);
      entry->by_id = {};
      return;
    }
    claim(x.lease.connection);
  }
  if (machine_.state().leases.valid(x.lease)
      && running_on(x.lease.connection, job_kind::execute) != nullptr) {
    // The statement's end ends the lease: nobody else may have it before.
    estate_->hold_by_id(x.lease.connection, {});
    return;
  }
  auto end = lease_end{};
  end.left = left;
  if (x.why) {
    end.left = trace::broken;
    end.why = x.why;
  }
  end_lease(x.lease, end, clock::now());
}

void pool_actor::end_lease(const lease_id& lease, const lease_end& how,
                           time_point now) {
  auto& leases = machine_.state().leases;
  if (leases.valid(lease)) {
    auto held = now - leases.find(lease.connection)->since;
    estate_->meters->use_time.record(held);
    estate_->hold_by_id(lease.connection, {});
  }
  act(machine_.release(lease, how, now));
}

bool pool_actor::held_under(const lease_id& lease,
                            const vault_entry* entry) const {
  return entry != nullptr && entry->by_id.lease == lease
         && (entry->by_id.from_front || machine_.state().leases.valid(lease));
}

void pool_actor::claim(connection_id id) {
  auto* entry = estate_->find(id);
  auto& slots = *estate_->slots;
  if (entry == nullptr || !entry->by_id.from_front)
    return;
  auto held = entry->by_id.from_front;
  // So that it comes here, not to the next caller.
  slots.recall(held.slot);
  estate_->give_back(*entry, condition::clean);
  slots.collect(held.slot);
  auto& who = entry->by_id;
  act(machine_.claimed({who.lease, who.name, who.since,
                        pool_estate::front_uses(*entry, held.generation)},
                       clock::now()));
}

// -- taking back --------------------------------------------------------------

void pool_actor::on_released(slot_index slot) {
  auto back = estate_->slots->collect(slot);
  if (!back)
    return;
  if (auto i = estate_->lingering.find(slot); i != estate_->lingering.end()) {
    estate_->slots->unbind(slot);
    auto close = std::move(i->second.close);
    estate_->lingering.erase(i);
    close->deadline = clock::now() + estate_->config.close_timeout;
    start(std::move(close));
    return;
  }
  auto* entry = estate_->find(back->connection);
  if (entry == nullptr)
    return;
  estate_->end_grant(*entry);
  auto end = lease_end{};
  end.front_uses = pool_estate::front_uses(*entry, back->generation);
  auto& conn = *entry->held;
  auto reason = std::exchange(conn.discarded_because, {});
  switch (back->left) {
    case condition::clean:
      break;
    case condition::dirty:
      end.left = trace::dirty;
      break;
    case condition::broken:
      end.left = trace::broken;
      if (conn.object->state() == trace::broken)
        end.why = {errc::connection_lost,
                   reason.empty() ? "it broke while it was leased" : reason,
                   {}};
      break;
  }
  act(machine_.returned(back->connection, end, clock::now()));
  finish_if_over();
}

void pool_actor::tell_withdrawn(const slot_view& x) {
  auto* entry = estate_->find(x.connection);
  auto uses
    = entry != nullptr ? pool_estate::front_uses(*entry, x.generation) : 0;
  act(machine_.withdrawn(x.connection, uses, clock::now()));
}

} // namespace caf_pool

#include "caf_pool/machine/policy/lifetime.hpp"
#include "caf_pool/machine/pool_machine.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"
#include "caf_pool/machine/rules/recovery.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

using rules::settle;
using rules::step;

// -- front --------------------------------------------------------------------

namespace {

/// Counts uses that nobody saw before the machine gave the connection up.
/// Returns false if there were none.
bool count_unseen(step& x, connection_record& record, std::uint64_t uses) {
  if (uses <= record.front_uses)
    return false;
  auto unseen = uses - record.front_uses;
  record.front_uses = uses;
  x.s.counters.acquired += unseen;
  x.s.counters.released += unseen;
  return true;
}

/// Counts the holding that ends now, and those before it.
void count_return(step& x, connection_record& record, std::uint64_t uses) {
  if (uses == 0)
    uses = record.front_uses + (record.front_taken ? 0 : 1);
  if (uses == record.front_uses && !record.front_taken)
    return; // a look was faster than the message
  rules::note_front(x, record, uses, true);
  ++x.s.counters.released;
}

} // namespace

effects pool_machine::withdrawn(connection_id id, std::uint64_t front_uses,
                                time_point now) {
  auto x = rules::begin(state_, now);
  auto* record = state_.table.find(id);
  if (record == nullptr)
    return settle(x);
  if (record->state == connection_state::offered) {
    // It is free, so that what the last look saw has ended in any case.
    rules::note_front(x, *record, std::max(front_uses, record->front_uses),
                      false);
    rules::note_front_lease(x, {id, false, 0, 0, {}, {}});
    rules::come_back(x, id);
  } else {
    count_unseen(x, *record, front_uses);
  }
  return settle(x);
}

effects pool_machine::front_empty(time_point now) {
  auto x = rules::begin(state_, now);
  if (state_.front_shut)
    state_.front_searched = true;
  return settle(x);
}

effects pool_machine::returned(connection_id id, const lease_end& how,
                               time_point now) {
  auto x = rules::begin(state_, now);
  auto* record = state_.table.find(id);
  if (record == nullptr) {
    ++state_.counters.stale_releases;
  } else if (record->state == connection_state::offered) {
    count_return(x, *record, how.front_uses);
    rules::take_back(x, id, how);
  } else if (record->state == connection_state::leased) {
    ++state_.counters.released;
    rules::take_back(x, id, how);
  } else if (!count_unseen(x, *record, how.front_uses)) {
    ++state_.counters.stale_releases;
  }
  return settle(x);
}

effects pool_machine::claimed(const lease_claim& in, time_point now) {
  auto x = rules::begin(state_, now);
  auto* record = state_.table.find(in.lease.connection);
  if (record == nullptr || record->state != connection_state::offered)
    return settle(x);
  rules::claim(x, *record, in);
  if (state_.life == pool_life::closed)
    rules::revoke(x, *state_.leases.find(in.lease.connection),
                  {errc::lease_lost, "the pool was shut down", {}});
  return settle(x);
}

effects pool_machine::observe_front(std::span<const front_view> slots,
                                    time_point now) {
  auto x = rules::begin(state_, now);
  for (auto& slot : slots) {
    auto* record = state_.table.find(slot.connection);
    if (record == nullptr || record->state != connection_state::offered)
      continue;
    rules::note_front(x, *record, slot.uses, slot.taken);
    rules::note_front_lease(x, slot);
    if (slot.taken && state_.life == pool_life::closed)
      rules::revoke(x, *state_.leases.find(slot.connection),
                    {errc::lease_lost, "the pool was shut down", {}});
  }
  return settle(x);
}

// -- workers ------------------------------------------------------------------

effects pool_machine::opened(connection_id id, duration took, time_point now) {
  auto x = rules::begin(state_, now);
  auto& s = state_;
  auto* record = s.table.find(id);
  if (record == nullptr || std::exchange(record->given_up, false)) {
    // Nobody counts on it any more.
    auto deadline = now + s.config.close_timeout;
    s.table.watch(id, deadline + worker_grace);
    x.order(effect::close_connection{id, deadline, record == nullptr});
    return settle(x);
  }
  if (record->state != connection_state::opening)
    return settle(x);
  if (record->early)
    rules::early_success(x, *record);
  if (record->permit)
    s.breaker.succeeded(*record->permit, took, now);
  record->permit.reset();
  record->age.opened_at = now;
  record->age.last_used = now;
  record->age.last_proven = now;
  record->age.lifetime = draw_lifetime(s.config, s.random);
  ++s.counters.opened;
  x.tell(event_kind::connection_opened, id);
  rules::note_opening(x, took);
  rules::rest(x, id);
  return settle(x);
}

effects pool_machine::open_failed(connection_id id, const error& why,
                                  duration took, time_point now) {
  auto x = rules::begin(state_, now);
  auto* record = state_.table.find(id);
  if (record != nullptr && record->given_up)
    rules::given_up_opening_failed(x, id, why);
  else if (record != nullptr && record->state == connection_state::opening)
    rules::opening_failed(x, id, why, took);
  return settle(x);
}

effects pool_machine::not_opened(connection_id id, time_point now) {
  auto x = rules::begin(state_, now);
  auto* record = state_.table.find(id);
  if (record == nullptr
      || (record->state != connection_state::opening && !record->given_up))
    return settle(x);
  if (record->permit)
    state_.breaker.ignored(*record->permit, now);
  state_.table.erase(id);
  return settle(x);
}

effects pool_machine::probed(connection_id id, const error& why, duration took,
                             time_point now) {
  auto x = rules::begin(state_, now);
  auto& s = state_;
  auto* record = s.table.find(id);
  if (record == nullptr || record->state != connection_state::probing)
    return settle(x);
  if (why) {
    rules::probe_failed(x, id, why, took);
    return settle(x);
  }
  if (auto permit = std::exchange(record->permit, std::nullopt))
    s.breaker.succeeded(*permit, took, now);
  else
    s.breaker.observed(1, 0, now);
  rules::healthy(x, *record);
  rules::rest(x, id);
  if (record->probe_for_waiter)
    rules::serve_with(x, id);
  return settle(x);
}

effects pool_machine::looked(std::uint64_t number, const error& why,
                             time_point now) {
  auto x = rules::begin(state_, now);
  rules::note_look(x, number, why);
  return settle(x);
}

effects pool_machine::reset_done(connection_id id, const error& why,
                                 time_point now) {
  auto x = rules::begin(state_, now);
  auto* record = state_.table.find(id);
  if (record == nullptr || record->state != connection_state::resetting)
    return settle(x);
  ++state_.counters.resets;
  if (why.code == errc::closed) {
    rules::retire(x, id, why.message);
  } else if (why) {
    ++state_.counters.reset_failures;
    rules::lose(x, id, why);
  } else {
    record->age.last_proven = now;
    rules::rest_proven(x, id);
  }
  return settle(x);
}

effects pool_machine::closed(connection_id id, time_point now) {
  auto x = rules::begin(state_, now);
  auto* record = state_.table.find(id);
  if (record != nullptr && record->state == connection_state::closing)
    state_.table.erase(id);
  return settle(x);
}

// -- time and questions -------------------------------------------------------

effects pool_machine::tick(time_point now) {
  auto x = rules::begin(state_, now);
  rules::give_up_overdue(x);
  rules::second_chance(x);
  rules::check_leaks(x);
  rules::check_health(x);
  rules::sweep(x);
  return settle(x);
}

time_point pool_machine::next_wakeup() const noexcept {
  return state_.planned_wakeup;
}

} // namespace caf_pool

#include "caf_pool/machine/lifetime.hpp"
#include "caf_pool/machine/pool_machine.hpp"
#include "caf_pool/machine/pool_rules.hpp"

#include <utility>

namespace caf_pool {

using rules::settle;
using rules::step;

// -- front --------------------------------------------------------------------

effects pool_machine::withdrawn(connection_id id, time_point now) {
  auto x = step{state_, now, {}};
  auto* record = state_.table.find(id);
  if (record != nullptr && record->state == connection_state::offered)
    rules::rest(x, id);
  return settle(x);
}

effects pool_machine::front_empty(time_point now) {
  auto x = step{state_, now, {}};
  if (state_.front_shut)
    state_.front_searched = true;
  return settle(x);
}

effects pool_machine::returned(connection_id id, const lease_end& how,
                               time_point now) {
  auto x = step{state_, now, {}};
  auto* record = state_.table.find(id);
  if (record == nullptr)
    return settle(x);
  if (record->state == connection_state::offered) {
    rules::count_front_uses(x, *record, how.front_uses);
    if (!how.unused && how.left != trace::broken)
      state_.breaker.observed(1, 0, now);
    rules::take_back(x, id, how);
  } else if (record->state == connection_state::leased) {
    ++state_.counters.released;
    rules::take_back(x, id, how);
  } else {
    ++state_.counters.stale_releases;
  }
  return settle(x);
}

effects pool_machine::observe_front(std::span<const front_view> slots,
                                    time_point now) {
  auto x = step{state_, now, {}};
  for (auto& slot : slots) {
    auto* record = state_.table.find(slot.connection);
    if (record == nullptr || record->state != connection_state::offered)
      continue;
    if (slot.uses > record->front_uses) {
      state_.breaker.observed(slot.uses - record->front_uses, 0, now);
      rules::count_front_uses(x, *record, slot.uses);
      record->age.last_used = now;
      record->age.last_proven = now;
      rules::healthy(x);
    }
    record->front_taken = slot.taken;
    rules::note_front_lease(x, slot, *record);
  }
  return settle(x);
}

// -- workers ------------------------------------------------------------------

effects pool_machine::opened(connection_id id, duration took, time_point now) {
  auto x = step{state_, now, {}};
  auto& s = state_;
  auto* record = s.table.find(id);
  if (record == nullptr) {
    // It came after its limit: nobody counts on it any more.
    x.order(effect::close_connection{id, now + s.config.close_timeout, true});
    return settle(x);
  }
  if (record->state != connection_state::opening)
    return settle(x);
  if (record->permit)
    s.breaker.succeeded(*record->permit, took, now);
  record->permit.reset();
  record->age.opened_at = now;
  record->age.last_used = now;
  record->age.last_proven = now;
  record->age.lifetime = draw_lifetime(s.config, s.random);
  rules::note_opening(x, took);
  ++s.counters.opened;
  x.tell(event_kind::connection_opened, id);
  s.table.move_to(id, connection_state::idle, now);
  return settle(x);
}

effects pool_machine::open_failed(connection_id id, const error& why,
                                  duration took, time_point now) {
  auto x = step{state_, now, {}};
  auto* record = state_.table.find(id);
  if (record != nullptr && record->state == connection_state::opening)
    rules::opening_failed(x, id, why, took);
  return settle(x);
}

effects pool_machine::probed(connection_id id, const error& why, duration took,
                             time_point now) {
  auto x = step{state_, now, {}};
  auto& s = state_;
  auto* record = s.table.find(id);
  if (record == nullptr || record->state != connection_state::probing)
    return settle(x);
  auto permit = std::exchange(record->permit, std::nullopt);
  if (!why) {
    if (permit)
      s.breaker.succeeded(*permit, took, now);
    else
      s.breaker.observed(1, 0, now);
    record->age.last_proven = now;
    rules::healthy(x);
    s.table.move_to(id, connection_state::idle, now);
    return settle(x);
  }
  ++s.counters.probe_failures;
  if (permit)
    s.breaker.failed(*permit, took, now);
  else
    s.breaker.observed(0, 1, now);
  auto for_waiter = record->probe_for_waiter;
  rules::lose(x, id, why);
  if (for_waiter && ++s.validation_failures >= s.config.max_validation_failures)
    rules::give_up_suspects(x);
  return settle(x);
}

effects pool_machine::reset_done(connection_id id, const error& why,
                                 time_point now) {
  auto x = step{state_, now, {}};
  auto* record = state_.table.find(id);
  if (record == nullptr || record->state != connection_state::resetting)
    return settle(x);
  ++state_.counters.resets;
  if (why) {
    ++state_.counters.reset_failures;
    rules::lose(x, id, why);
  } else {
    record->age.last_proven = now;
    state_.table.move_to(id, connection_state::idle, now);
  }
  return settle(x);
}

effects pool_machine::closed(connection_id id, time_point now) {
  auto x = step{state_, now, {}};
  auto* record = state_.table.find(id);
  if (record != nullptr && record->state == connection_state::closing)
    state_.table.erase(id);
  return settle(x);
}

// -- time and questions -------------------------------------------------------

effects pool_machine::tick(time_point now) {
  auto x = step{state_, now, {}};
  rules::detect_freeze(x);
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

#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/machine/pool_rules.hpp"
#include "caf_pool/machine/sizing.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::rules {

namespace {

error stuck(std::string what, duration waited) {
  return {errc::open_timeout,
          "a worker did not come back from " + std::move(what) + " within "
            + to_rough_text(waited)
            + "; the server or the name service may be frozen",
          {}};
}

} // namespace

void give_up_overdue(step& x) {
  auto& s = x.s;
  while (auto id = s.table.overdue(x.now)) {
    auto& record = *s.table.find(*id);
    auto waited = x.now - record.since;
    switch (record.state) {
      case connection_state::opening:
        opening_failed(x, *id, stuck("opening", waited), waited);
        break;
      case connection_state::probing:
        if (record.permit) {
          s.breaker.failed(*record.permit, waited, x.now);
          record.permit.reset();
        }
        ++s.counters.probe_failures;
        lose(x, *id, stuck("a probe", waited));
        break;
      case connection_state::resetting:
        ++s.counters.reset_failures;
        lose(x, *id, stuck("a reset", waited));
        break;
      case connection_state::quarantined:
        lose(x, *id, stuck("a cancelled statement", waited));
        break;
      case connection_state::closing:
        // The server may still count it; waiting longer would not tell.
        s.table.erase(*id);
        break;
      case connection_state::idle:
      case connection_state::offered:
      case connection_state::leased:
        s.table.unwatch(*id);
        break;
    }
  }
}

namespace {

/// Ends idle connections that are too old, a few at a time.
void sweep_aged(step& x) {
  auto& s = x.s;
  auto budget = retirements_per_sweep(s.config.max_size);
  auto idle = s.table.idle();
  for (auto id : idle) {
    auto judgement
      = judge_idle(s.table.find(id)->age, s.config, s.generation, false, x.now);
    if (judgement != verdict::retire_age
        && judgement != verdict::retire_generation)
      continue;
    if (budget-- == 0)
      return;
    retire(x, id, reason_of(judgement));
  }
}

/// Ends idle connections that nobody has needed for long: least recently used
/// first, the overflow before the rest.
void sweep_idle(step& x) {
  auto& s = x.s;
  auto base = s.config.max_size - s.config.max_overflow;
  auto alive = s.table.size() - s.table.count(connection_state::closing);
  auto over = alive > base ? alive - base : 0;
  std::vector<connection_id> spare;
  overdue_connections overdue;
  for (auto id : s.table.idle()) {
    auto overflow = over > overdue.overflow;
    if (judge_idle(s.table.find(id)->age, s.config, s.generation, overflow,
                   x.now)
        != verdict::retire_idle)
      continue;
    ++(overflow ? overdue.overflow : overdue.regular);
    spare.push_back(id);
  }
  auto n = connections_to_retire(size_facts(s, x.now), overdue,
                                 retirements_per_sweep(s.config.max_size));
  spare.resize(std::min<std::size_t>(spare.size(), n.overflow + n.regular));
  for (auto id : spare)
    retire(x, id, reason_of(verdict::retire_idle));
}

} // namespace

void sweep(step& x) {
  auto& s = x.s;
  if (x.now < s.next_sweep)
    return;
  s.next_sweep = x.now + s.config.sweep_interval;
  s.fill = true;
  if (s.life != pool_life::serving)
    return;
  sweep_aged(x);
  sweep_idle(x);
  for (auto& [id, record] : s.table.records())
    if (record.state == connection_state::offered && !record.front_taken
        && judge_idle(record.age, s.config, s.generation, false, x.now)
             != verdict::keep)
      recall(x, id, record); // judged again when it is back
}

void check_health(step& x) {
  auto& s = x.s;
  auto interval = s.config.health_check_interval;
  if (interval == duration::zero() || x.now < s.next_health)
    return;
  s.next_health = x.now + interval;
  auto busy
    = !s.queue.empty() || s.life != pool_life::serving || !s.breaker.closed();
  if (busy || x.now - s.last_success < interval)
    return; // waiting callers go first, and traffic is proof enough
  if (auto id = s.table.next_idle(hand_out_order::fifo)) {
    begin_probe(x, *id, false);
    return;
  }
  for (auto& [id, record] : s.table.records()) {
    if (record.state == connection_state::offered && !record.front_taken) {
      record.probe_when_back = true;
      recall(x, id, record);
      return;
    }
  }
}

void check_leaks(step& x) {
  auto& s = x.s;
  if (x.now < s.next_leak_check)
    return;
  auto found
    = s.leases.check(s.config.leak_threshold, s.config.leak_revoke, x.now);
  for (auto& entry : found.suspected) {
    ++s.counters.leaks_suspected;
    x.tell(event_kind::leak_suspected, entry.id.connection,
           "held for " + to_rough_text(x.now - entry.since) + " by "
             + entry.holder
             + "; release the lease, or acquire it with the time it needs");
  }
  for (auto& entry : found.to_revoke) {
    auto why = error{errc::lease_lost,
                     "taken away from " + entry.holder + " after "
                       + to_rough_text(x.now - entry.since) + " (leak_revoke)",
                     {}};
    ++s.counters.leases_revoked;
    x.tell(event_kind::lease_revoked, entry.id.connection, why.message);
    x.order(effect::revoke_lease{entry.id, why});
    auto id = entry.id.connection;
    s.leases.close(id);
    lose(x, id, why);
  }
  s.next_leak_check
    = s.leases.next_check(s.config.leak_threshold, s.config.leak_revoke);
}

void detect_freeze(step& x) {
  auto& s = x.s;
  if (!is_freeze(s.planned_wakeup, x.now))
    return;
  ++s.counters.freezes;
  x.tell(event_kind::freeze_detected, {},
         "woke up " + to_rough_text(x.now - s.planned_wakeup)
           + " late; every idle connection is probed before use");
  suspect_all(x);
}

void follow_breaker(step& x) {
  auto& s = x.s;
  s.breaker.tick(x.now);
  for (auto& change : s.breaker.take_transitions()) {
    auto to = std::string{to_string(change.to)};
    switch (change.to) {
      case breaker_state::open:
      case breaker_state::forced_open:
        ++s.counters.breaker_openings;
        x.tell(event_kind::breaker_changed, {},
               to + " for " + to_rough_text(s.breaker.open_for(x.now)) + ": "
                 + to_string(s.last_error));
        reject_all(x, breaker_error(s, x.now));
        suspect_all(x);
        break;
      case breaker_state::half_open:
        x.tell(event_kind::breaker_changed, {}, to);
        break;
      case breaker_state::closed:
      case breaker_state::forced_closed:
        s.ramp = 1;
        x.tell(event_kind::breaker_changed, {}, to);
        break;
    }
  }
  s.counters.late_results = s.breaker.late_results();
}

namespace {

/// When the machine wants to open a connection but may not yet.
time_point next_opening(const pool_state& s) {
  auto alive = s.table.size() - s.table.count(connection_state::closing);
  auto wanted = !s.queue.empty() || (s.fill && alive < s.config.min_size);
  if (!wanted || !s.breaker.closed() || s.retry.failures() == 0)
    return never;
  return s.retry.next_attempt();
}

} // namespace

time_point next_wakeup(const pool_state& s) {
  if (s.life == pool_life::closed && s.table.size() == 0)
    return never;
  auto next = std::min({s.queue.next_deadline(), s.table.next_overdue(),
                        s.next_sweep, s.next_leak_check,
                        s.breaker.next_wakeup(), next_opening(s), s.next_look});
  if (s.config.health_check_interval > duration::zero())
    next = std::min(next, s.next_health);
  next = std::min(next, s.queue.next_shed());
  // Whatever is due already was looked at: come back soon, but not at once.
  return std::max(next, s.last_input + std::chrono::milliseconds{1});
}

} // namespace caf_pool::rules

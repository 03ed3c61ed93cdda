#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/machine/policy/sizing.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"
#include "caf_pool/machine/rules/recovery.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace caf_pool::rules {

// -- workers ------------------------------------------------------------------

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
        probe_failed(x, *id, stuck("a probe", waited), waited);
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
        s.table.unwatch(*id); // no worker has it
        break;
    }
  }
}

// -- sweep --------------------------------------------------------------------

namespace {

/// Free connections, the one unused longest first.
std::vector<connection_id> free_connections(const pool_state& s) {
  std::vector<connection_id> result;
  for (auto& [id, record] : s.table.records())
    if (record.state == connection_state::idle
        || (record.state == connection_state::offered && !record.front_taken))
      result.push_back(id);
  std::stable_sort(result.begin(), result.end(),
                   [&s](connection_id lhs, connection_id rhs) {
                     return s.table.find(lhs)->age.last_used
                            < s.table.find(rhs)->age.last_used;
                   });
  return result;
}

/// Ends a free connection: now, or when it is back from the front.
void end_free(step& x, connection_id id, treatment why) {
  auto& record = *x.s.table.find(id);
  if (record.state == connection_state::idle) {
    retire(x, id, reason_of(why));
    return;
  }
  record.retire_when_back = true;
  recall(x, id, record);
}

/// Ends connections that are too old, a few at a time.
void sweep_aged(step& x, const std::vector<connection_id>& free) {
  auto& s = x.s;
  auto budget = retirements_per_sweep(s.config.max_size);
  for (auto id : free) {
    auto judgement = judge_release(s.table.find(id)->age, s.generation, x.now);
    if (judgement == treatment::keep)
      continue;
    if (budget-- == 0)
      return;
    end_free(x, id, judgement);
  }
}

/// Ends connections that nobody has needed for long: the overflow before the
/// rest.
void sweep_idle(step& x, const std::vector<connection_id>& free) {
  auto& s = x.s;
  auto base = s.config.max_size - s.config.max_overflow;
  auto over = s.table.alive() > base ? s.table.alive() - base : 0;
  std::vector<connection_id> spare;
  overdue_connections overdue;
  for (auto id : free) {
    auto overflow = over > overdue.overflow;
    auto& record = *s.table.find(id);
    if (record.state == connection_state::closing || record.recalled
        || judge_idle(record.age, s.config, s.generation, overflow, x.now)
             != treatment::retire_idle)
      continue;
    ++(overflow ? overdue.overflow : overdue.regular);
    spare.push_back(id);
  }
  auto n = connections_to_retire(size_facts(s, x.now), overdue,
                                 retirements_per_sweep(s.config.max_size));
  spare.resize(std::min<std::size_t>(spare.size(), n.overflow + n.regular));
  for (auto id : spare)
    end_free(x, id, treatment::retire_idle);
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
  auto free = free_connections(s);
  sweep_aged(x, free);
  sweep_idle(x, free);
}

// -- health -------------------------------------------------------------------

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
  if (!s.table.idle().empty()) {
    begin_probe(x, s.table.idle().front(), false);
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

// -- leaks --------------------------------------------------------------------

void expect_leak(step& x, const lease_entry& entry) {
  auto& c = x.s.config;
  x.s.next_leak_check
    = std::min(x.s.next_leak_check,
               lease_book::next_check(entry, c.leak_threshold, c.leak_revoke));
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
  for (auto& entry : found.to_revoke)
    revoke(x, entry,
           {errc::lease_lost,
            "taken away from " + entry.holder + " after "
              + to_rough_text(x.now - entry.since) + " (leak_revoke)",
            {}});
  s.next_leak_check
    = s.leases.next_check(s.config.leak_threshold, s.config.leak_revoke);
}

void revoke(step& x, const lease_entry& entry, const error& why) {
  auto id = entry.id.connection;
  ++x.s.counters.leases_revoked;
  x.tell(event_kind::lease_revoked, id, why.message);
  x.order(effect::revoke_lease{entry.id, why, entry.from_front});
  x.s.table.find(id)->lease = {};
  x.s.leases.close(id);
  discard(x, id, why);
}

// -- breaker ------------------------------------------------------------------

namespace {

void note_opened_breaker(step& x, const std::string& name) {
  auto& s = x.s;
  auto text = name;
  if (auto left = s.breaker.open_for(x.now); left > duration::zero())
    text += " for " + to_rough_text(left);
  if (s.last_error)
    text += ": " + to_string(s.last_error);
  ++s.counters.breaker_openings;
  x.tell(event_kind::breaker_changed, {}, std::move(text));
  reject_all(x, breaker_error(s, x.now));
  suspect_all(x);
  for (auto& [id, record] : s.table.records())
    if (record.state == connection_state::opening)
      x.order(effect::call_off_opening{id});
}

} // namespace

void follow_breaker(step& x) {
  auto& s = x.s;
  if (!s.breaker.closed())
    s.breaker.tick(x.now);
  s.counters.late_results = s.breaker.late_results();
  if (!s.breaker.has_transitions())
    return;
  for (auto& change : s.breaker.take_transitions()) {
    auto name = std::string{to_string(change.to)};
    switch (change.to) {
      case breaker_state::open:
      case breaker_state::forced_open:
        note_opened_breaker(x, name);
        break;
      case breaker_state::closed:
      case breaker_state::forced_closed:
        s.ramp = 1;
        [[fallthrough]];
      case breaker_state::half_open:
        x.tell(event_kind::breaker_changed, {}, std::move(name));
        break;
    }
  }
}

// -- wake-up ------------------------------------------------------------------

namespace {

/// When the machine wants to open a connection but may not yet. If it may and
/// does not, then something else must happen first.
time_point next_opening(const pool_state& s) {
  auto room
    = s.recovery.limits(s.last_input) ? s.recovery.free_at() : s.last_input;
  if (s.breaker.state() == breaker_state::half_open)
    return room > s.last_input ? room : never;
  auto next = std::max(s.retry.next_attempt(), room);
  auto waits = wants_more(s) && s.breaker.closed() && next > s.last_input;
  return waits ? next : never;
}

} // namespace

time_point next_wakeup(const pool_state& s) {
  if (s.life == pool_life::closed && s.table.size() == 0)
    return never;
  auto next = never;
  auto wake_for = [&s, &next](time_point x) {
    if (x >= next)
      return;
    // What is due already was looked at: come back soon, but not at once.
    if (x <= s.last_input)
      x = s.last_input + std::chrono::milliseconds{1};
    next = std::min(next, x);
  };
  wake_for(s.table.next_overdue());
  wake_for(s.next_sweep);
  wake_for(s.next_leak_check);
  wake_for(s.breaker.next_wakeup());
  wake_for(next_opening(s));
  wake_for(next_server_look(s));
  wake_for(s.next_look);
  if (s.config.health_check_interval > duration::zero())
    wake_for(s.next_health);
  if (s.queue.empty())
    return next;
  wake_for(s.queue.next_deadline());
  wake_for(next_growth(s));
  if (may_shed(s))
    wake_for(s.queue.next_shed());
  return next;
}

} // namespace caf_pool::rules

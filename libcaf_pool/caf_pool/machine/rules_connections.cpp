#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/machine/lifetime.hpp"
#include "caf_pool/machine/pool_rules.hpp"
#include "caf_pool/machine/sizing.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::rules {

namespace {

/// How long a worker may be late before it counts as stuck.
constexpr duration grace = std::chrono::seconds{1};

void close(step& x, connection_id id, bool abort) {
  auto& s = x.s;
  auto* record = s.table.find(id);
  if (record->permit) {
    s.breaker.ignored(*record->permit, x.now);
    record->permit.reset();
  }
  auto deadline = x.now + s.config.close_timeout;
  s.table.move_to(id, connection_state::closing, x.now);
  s.table.watch(id, deadline + grace);
  x.order(effect::close_connection{id, deadline, abort});
}

/// While half open, the pool itself tries: no caller is put at risk.
void try_half_open(step& x) {
  auto& s = x.s;
  if (s.breaker.state() != breaker_state::half_open)
    return;
  if (auto id = s.table.next_idle(s.config.order)) {
    if (auto permit = s.breaker.try_acquire(x.now)) {
      begin_probe(x, *id, false);
      s.table.find(*id)->permit = permit;
    }
  } else if (s.table.size() < s.config.max_size
             && s.table.count(connection_state::opening) == 0) {
    open_one(x);
  }
}

/// Closes what free connections there are; the rest comes back by itself.
void close_free(step& x) {
  auto idle = x.s.table.idle();
  for (auto id : idle)
    retire(x, id, "the pool ends");
  if (x.s.life == pool_life::closed)
    return;
  if (x.s.table.size() == 0 && x.s.queue.empty()) {
    x.s.life = pool_life::closed;
    x.tell(event_kind::drained);
  }
}

void close_excess(step& x) {
  auto& s = x.s;
  auto alive = s.table.size() - s.table.count(connection_state::closing);
  while (alive > s.config.max_size && !s.table.idle().empty()) {
    retire(x, s.table.idle().front(), "the pool became smaller");
    --alive;
  }
  if (alive > s.config.max_size)
    recall_offered(x);
}

} // namespace

sizing_input size_facts(const pool_state& s, time_point now) {
  sizing_input in;
  in.min = s.fill ? s.config.min_size : 0;
  in.max = s.config.max_size;
  in.overflow = s.config.max_overflow;
  auto g = gauges(s);
  in.opening = g.opening;
  in.idle = g.idle;
  in.leased = g.leased;
  in.busy = g.resetting + g.probing;
  in.closing = g.closing;
  in.quarantined = g.quarantined;
  // As long as the front was not searched, it may serve whoever waits.
  auto search_first = s.table.count(connection_state::offered) > 0
                      && !s.front_searched && s.life == pool_life::serving;
  in.waiting = search_first ? 0 : static_cast<std::uint32_t>(s.queue.size());
  in.open_concurrency = s.config.open_concurrency;
  in.may_open = s.retry.may_try(now) && s.breaker.closed();
  in.ramping = s.retry.failures() > 0 || s.ramp < s.config.open_concurrency;
  in.ramp_limit = s.retry.failures() > 0 ? 1 : s.ramp;
  in.queued_for = s.queue.busy_for(now);
  in.typical_use = s.typical_use;
  in.typical_open = s.typical_open;
  return in;
}

void resize(step& x) {
  auto& s = x.s;
  switch (s.life) {
    case pool_life::draining:
    case pool_life::closed:
      close_free(x);
      return;
    case pool_life::paused:
    case pool_life::serving:
      break;
  }
  close_excess(x);
  try_half_open(x);
  for (auto n = connections_to_open(size_facts(s, x.now)); n > 0; --n)
    open_one(x);
}

void open_one(step& x) {
  auto& s = x.s;
  auto permit = s.breaker.try_acquire(x.now);
  if (!permit)
    return;
  auto id = s.table.add(x.now);
  auto& record = *s.table.find(id);
  record.permit = permit;
  record.age.generation = s.generation;
  auto deadline = x.now + s.config.open_timeout;
  s.table.watch(id, deadline + grace);
  x.order(effect::open_connection{id, deadline});
}

void retire(step& x, connection_id id, std::string reason) {
  ++x.s.counters.retired;
  x.tell(event_kind::connection_retired, id, std::move(reason));
  close(x, id, false);
}

void lose(step& x, connection_id id, const error& why) {
  auto& s = x.s;
  ++s.counters.lost;
  s.last_error = why;
  x.tell(event_kind::connection_lost, id, to_string(why));
  auto& record = *s.table.find(id);
  if (record.age.last_proven == record.age.opened_at)
    s.retry.failed(x.now); // it opened, but never worked: no recovery
  close(x, id, true);
  suspect_all(x);
}

void take_back(step& x, connection_id id, const lease_end& how) {
  auto& s = x.s;
  auto& record = *s.table.find(id);
  if (auto entry = s.leases.close(id)) {
    if (entry->suspected)
      x.tell(event_kind::leak_cleared, id, entry->holder);
    s.typical_use = blended(s.typical_use, x.now - entry->since);
  }
  record.lease = {};
  if (how.left == trace::broken) {
    auto why = how.why ? how.why
                       : error{errc::connection_lost,
                               "the holder left it in the middle of a reply",
                               {}};
    if (how.why)
      s.breaker.observed(0, 1, x.now);
    lose(x, id, why);
    return;
  }
  if (!how.unused) {
    record.age.last_used = x.now;
    record.age.last_proven = x.now;
    s.breaker.observed(1, 0, x.now);
    healthy(x);
  }
  auto judgement = judge_release(record.age, s.generation, x.now);
  auto ending = s.life == pool_life::draining || s.life == pool_life::closed;
  if (ending) {
    retire(x, id, "the pool ends");
  } else if (judgement != verdict::keep && judgement != verdict::probe) {
    retire(x, id, reason_of(judgement));
  } else if (how.left == trace::dirty
             && s.config.reset_on_release != reset_policy::none) {
    auto deadline = x.now + s.config.reset_timeout;
    s.table.move_to(id, connection_state::resetting, x.now);
    s.table.watch(id, deadline + grace);
    x.order(effect::reset_connection{id, deadline});
  } else {
    s.table.move_to(id, connection_state::idle, x.now);
  }
}

void rest(step& x, connection_id id) {
  auto& s = x.s;
  auto& record = *s.table.find(id);
  auto wants_probe = std::exchange(record.probe_when_back, false);
  auto alive = s.table.size() - s.table.count(connection_state::closing);
  auto judgement = judge_idle(record.age, s.config, s.generation, false, x.now);
  s.table.move_to(id, connection_state::idle, x.now);
  if (judgement == verdict::retire_age
      || judgement == verdict::retire_generation
      || (judgement == verdict::retire_idle && alive > s.config.min_size))
    retire(x, id, reason_of(judgement));
  else if (wants_probe)
    begin_probe(x, id, false);
}

void retire_outdated(step& x) {
  auto idle = x.s.table.idle();
  for (auto id : idle)
    if (x.s.table.find(id)->age.generation < x.s.generation)
      retire(x, id, reason_of(verdict::retire_generation));
}

void give_up_suspects(step& x) {
  auto& s = x.s;
  s.validation_failures = 0;
  auto idle = s.table.idle();
  for (auto id : idle)
    if (s.table.find(id)->age.last_proven < s.suspect_before) {
      ++s.counters.lost;
      x.tell(event_kind::connection_lost, id,
             "not proven since other connections broke");
      close(x, id, true);
    }
}

void begin_probe(step& x, connection_id id, bool for_waiter) {
  auto& s = x.s;
  auto deadline = x.now + s.config.health_check_timeout;
  s.table.move_to(id, connection_state::probing, x.now);
  s.table.find(id)->probe_for_waiter = for_waiter;
  s.table.watch(id, deadline + grace);
  ++s.counters.probes;
  x.order(effect::probe_connection{id, deadline});
}

void opening_failed(step& x, connection_id id, const error& why,
                    duration took) {
  auto& s = x.s;
  auto* record = s.table.find(id);
  if (record->permit)
    s.breaker.failed(*record->permit, took, x.now);
  s.table.erase(id);
  ++s.counters.open_failures;
  s.last_error = why;
  s.ramp = 1;
  auto next = s.retry.failed(x.now);
  x.tell(event_kind::open_failed, id,
         to_string(why) + "; next attempt in " + to_rough_text(next - x.now));
  if (!s.down && s.retry.exhausted()) {
    s.down = true;
    x.tell(event_kind::pool_down, {}, to_string(why));
  }
  if (why.code == errc::open_refused) {
    // It will not heal by itself: nobody needs to wait for it.
    s.retry.postpone(x.now + s.config.retry.cap);
    reject_all(x, why);
  }
}

void note_opening(step& x, duration took) {
  auto& s = x.s;
  s.typical_open = blended(s.typical_open, took);
  s.ramp = std::min(grown_ramp(s.ramp), s.config.open_concurrency);
  if (s.down) {
    s.down = false;
    x.tell(event_kind::pool_up);
  }
}

void healthy(step& x) {
  auto& s = x.s;
  s.last_success = x.now;
  s.validation_failures = 0;
  if (s.retry.failures() > 0) {
    s.retry.succeeded();
    s.last_error = {};
  }
}

void suspect_all(step& x) {
  auto& s = x.s;
  s.suspect_before = x.now;
  recall_offered(x);
}

} // namespace caf_pool::rules

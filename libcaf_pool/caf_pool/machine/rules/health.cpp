#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"
#include "caf_pool/machine/rules/recovery.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::rules {

// -- probes -------------------------------------------------------------------

void begin_probe(step& x, connection_id id, bool for_waiter) {
  auto& s = x.s;
  auto deadline = x.now + s.config.health_check_timeout;
  s.table.move_to(id, connection_state::probing, x.now);
  s.table.find(id)->probe_for_waiter = for_waiter;
  s.table.watch(id, deadline + worker_grace);
  ++s.counters.probes;
  x.order(effect::probe_connection{id, deadline});
}

void probe_failed(step& x, connection_id id, const error& why, duration took) {
  auto& s = x.s;
  auto& record = *s.table.find(id);
  ++s.counters.probe_failures;
  auto permit = std::exchange(record.permit, std::nullopt);
  // That a connection from before the trouble is dead tells nothing about the
  // server of now, nor if it may have died before the breaker's window began:
  // no treatment, and a trial goes on with a fresh connection.
  auto trouble = std::max(
    {s.suspect_before, s.failed_at, x.now - s.config.breaker.window});
  auto stale = record.age.last_proven < trouble;
  if (stale && permit)
    s.breaker.ignored(*permit, x.now);
  else if (permit)
    s.breaker.failed(*permit, took, x.now);
  else if (!stale)
    s.breaker.observed(0, 1, x.now);
  auto for_waiter = record.probe_for_waiter;
  lose(x, id, why);
  auto enough
    = for_waiter && ++s.validation_failures >= s.config.max_validation_failures;
  if ((stale && permit) || enough)
    give_up_suspects(x);
}

// -- openings -----------------------------------------------------------------

void opening_failed(step& x, connection_id id, const error& why,
                    duration took) {
  auto& s = x.s;
  auto* record = s.table.find(id);
  auto early = record->early;
  if (record->permit)
    s.breaker.failed(*record->permit, took, x.now);
  s.table.erase(id);
  ++s.counters.open_failures;
  s.last_error = why;
  s.ramp = 1;
  s.failing = true;
  if (early) {
    s.retry.failed_early();
    s.recovery.login_failed(x.now);
  } else {
    s.retry.failed(x.now);
  }
  s.failed_at = x.now;
  s.refusal = {};
  if (why.code == errc::open_refused) {
    // It will not heal by itself: nobody needs to wait for it.
    s.refusal = why;
    s.retry.postpone(x.now + s.config.retry.cap);
  }
  auto wait = std::max(s.retry.next_attempt() - x.now, duration::zero());
  x.tell(event_kind::open_failed, id,
         to_string(why) + "; next attempt in " + to_rough_text(wait));
  s.down = s.down || s.retry.exhausted();
  if (s.refusal && nothing_serves(s))
    reject_all(x, refusal_error(s, x.now));
}

void given_up_opening_failed(step& x, connection_id id, const error& why) {
  auto& s = x.s;
  if (ends(s.life)) {
    s.table.erase(id);
    return;
  }
  auto outdated = s.table.find(id)->age.generation != s.generation;
  s.table.erase(id);
  ++s.counters.open_failures;
  x.tell(event_kind::open_failed, id,
         to_string(why)
           + (outdated ? "; it began before a reload or reconnect"
                       : "; it hung, and the server was found by then"));
}

void give_up_opening(step& x, connection_id id) {
  auto& s = x.s;
  auto& record = *s.table.find(id);
  if (auto permit = std::exchange(record.permit, std::nullopt))
    s.breaker.ignored(*permit, x.now);
  auto overdue_at = record.overdue_at;
  s.table.move_to(id, connection_state::closing, x.now);
  s.table.watch(id, overdue_at);
  record.given_up = true;
  x.order(effect::call_off_opening{id, true});
}

void give_up_unwanted(step& x) {
  auto& s = x.s;
  for (auto& [id, record] : s.table.records())
    if (record.state == connection_state::opening
        && (ends(s.life) || record.age.generation != s.generation))
      give_up_opening(x, id);
}

namespace {

void count_as_up(step& x) {
  x.s.failing = false;
  x.s.down = false;
}

} // namespace

void note_opening(step& x, duration took) {
  auto& s = x.s;
  s.typical_open = blended(s.typical_open, took);
  s.ramp = std::min(grown_ramp(s.ramp), s.config.open_concurrency);
  s.refusal = {};
  s.well_at = x.now;
  s.retry.end_delay(x.now); // if it breaks before it works, that comes back
  count_as_up(x);
}

// -- verdicts -----------------------------------------------------------------

void healthy(step& x, connection_record& record) {
  auto& s = x.s;
  record.worked = true;
  record.age.last_proven = x.now;
  s.last_success = x.now;
  s.well_at = x.now;
  s.validation_failures = 0;
  // Old connections may work while the server takes no new ones: they end the
  // failures only when nobody has failed to open for the longest delay.
  auto proves_opening = record.age.opened_at > s.failed_at;
  auto quiet = x.now - s.failed_at > s.config.retry.cap
               && s.table.count(connection_state::opening) == 0;
  if (s.retry.failures() > 0) {
    if (!proves_opening && !quiet)
      return;
    s.retry.succeeded();
    count_as_up(x);
  }
  s.unpaused = 0;
  if (s.breaker.closed())
    s.recovery.rest(x.now);
  if (s.last_error)
    s.last_error = {};
}

void suspect_all(step& x) {
  auto& s = x.s;
  s.suspect_before = x.now;
  recall_offered(x);
}

} // namespace caf_pool::rules

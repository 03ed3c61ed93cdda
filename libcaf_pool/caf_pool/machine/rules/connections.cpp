#include "caf_pool/machine/policy/lifetime.hpp"
#include "caf_pool/machine/policy/sizing.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"

#include <cstdint>
#include <utility>

namespace caf_pool::rules {

// -- ending -------------------------------------------------------------------

namespace {

void close(step& x, connection_id id, bool abort) {
  auto& s = x.s;
  auto* record = s.table.find(id);
  if (record->permit) {
    s.breaker.ignored(*record->permit, x.now);
    record->permit.reset();
  }
  auto deadline = x.now + s.config.close_timeout;
  s.table.move_to(id, connection_state::closing, x.now);
  s.table.watch(id, deadline + worker_grace);
  x.order(effect::close_connection{id, deadline, abort});
}

} // namespace

void retire(step& x, connection_id id, std::string_view reason) {
  ++x.s.counters.retired;
  x.tell(event_kind::connection_retired, id, std::string{reason});
  close(x, id, false);
}

void discard(step& x, connection_id id, const error& why) {
  ++x.s.counters.lost;
  x.tell(event_kind::connection_lost, id, to_string(why));
  close(x, id, true);
}

void lose(step& x, connection_id id, const error& why) {
  auto& s = x.s;
  auto& record = *s.table.find(id);
  // It opened, but broke before it ever worked: no recovery. Several that were
  // there at the same time tell that once.
  if (!record.worked && record.age.opened_at > s.failed_at
      && x.now - record.age.opened_at < s.config.retry.cap) {
    s.retry.failed(x.now);
    s.failed_at = x.now;
  }
  s.last_error = why;
  discard(x, id, why);
  suspect_all(x);
}

void retire_outdated(step& x) {
  for (auto& [id, record] : x.s.table.records()) {
    if (record.age.generation == x.s.generation)
      continue;
    if (record.state == connection_state::idle)
      retire(x, id, reason_of(treatment::retire_generation));
    else if (record.state == connection_state::offered)
      record.retire_when_back = true;
  }
}

void give_up_suspects(step& x) {
  auto& s = x.s;
  s.validation_failures = 0;
  auto idle = s.table.idle();
  for (auto id : idle)
    if (s.table.find(id)->age.last_proven < s.suspect_before)
      discard(x, id,
              {errc::connection_lost,
               "not proven since other connections broke",
               {}});
}

// -- coming back --------------------------------------------------------------

namespace {

/// Why the pool wants no connection more; empty if it does.
std::string_view reason_to_shrink(const step& x) {
  auto& s = x.s;
  if (ends(s.life))
    return "the pool ends";
  if (s.table.alive() > s.config.max_size)
    return "the pool became smaller";
  return {};
}

void begin_reset(step& x, connection_id id) {
  auto& s = x.s;
  auto deadline = x.now + s.config.reset_timeout;
  s.table.move_to(id, connection_state::resetting, x.now);
  s.table.watch(id, deadline + worker_grace);
  x.order(effect::reset_connection{id, deadline});
}

/// What is due before somebody else may have a connection.
enum class care : std::uint8_t {
  none,
  probe,
  reset,
};

/// Gives a connection to the next one who wants it: now, or after some care.
void recycle(step& x, connection_id id, care due) {
  auto& age = x.s.table.find(id)->age;
  auto reason = reason_to_shrink(x);
  if (reason.empty())
    reason = reason_of(judge_release(age, x.s.generation, x.now));
  if (!reason.empty())
    retire(x, id, reason);
  else if (due == care::reset)
    begin_reset(x, id);
  else if (due == care::probe)
    begin_probe(x, id, false);
  else
    x.s.table.move_to(id, connection_state::idle, x.now);
}

/// A failing server is left in peace; its connections are suspect anyway.
bool probes_at_release(const pool_state& s) {
  return s.config.validate_on_release && s.breaker.closed();
}

void take_broken(step& x, connection_id id, const error& why) {
  if (why) {
    x.s.breaker.observed(0, 1, x.now);
    lose(x, id, why);
  } else {
    discard(x, id,
            {errc::connection_lost,
             "the holder left it in the middle of a reply",
             {}});
  }
}

} // namespace

void rest(step& x, connection_id id) {
  recycle(x, id, care::none);
}

void rest_proven(step& x, connection_id id) {
  recycle(x, id, probes_at_release(x.s) ? care::probe : care::none);
}

void come_back(step& x, connection_id id) {
  auto& s = x.s;
  auto& record = *s.table.find(id);
  auto probe = std::exchange(record.probe_when_back, false);
  auto retires = std::exchange(record.retire_when_back, false);
  auto judgement = judge_idle(record.age, s.config, s.generation, true, x.now);
  auto outdated = judgement == treatment::retire_age
                  || judgement == treatment::retire_generation;
  auto unused = judgement == treatment::retire_idle
                && s.table.alive() > s.config.min_size;
  s.table.move_to(id, connection_state::idle, x.now);
  if (auto reason = reason_to_shrink(x); !reason.empty())
    retire(x, id, reason);
  else if (retires && (outdated || unused))
    retire(x, id, reason_of(judgement));
  else if (probe)
    begin_probe(x, id, false);
}

void close_lease(step& x, connection_id id, bool typical) {
  auto& s = x.s;
  s.table.find(id)->lease = {};
  auto entry = s.leases.close(id);
  if (!entry)
    return;
  auto held = x.now - entry->since;
  s.typical_use = blended(s.typical_use, held);
  if (typical)
    s.uses.note(held, x.now);
  if (typical && entry->limit > duration::zero())
    s.limited_uses.note(entry->limit, held, x.now);
  if (entry->suspected)
    x.tell(event_kind::leak_cleared, id, entry->holder);
}

void take_back(step& x, connection_id id, const lease_end& how) {
  auto& s = x.s;
  // One that ended with its connection says how long a network kept silent.
  close_lease(x, id, !how.unused && how.left != trace::broken);
  if (how.left == trace::broken) {
    take_broken(x, id, how.why);
    return;
  }
  auto& record = *s.table.find(id);
  record.probe_when_back = false;
  record.retire_when_back = false;
  if (!how.unused) {
    record.age.last_used = x.now;
    s.breaker.observed(1, 0, x.now);
    healthy(x, record);
  }
  auto policy = s.config.reset_on_release;
  auto dirty = how.left == trace::dirty && policy != reset_policy::none;
  if (dirty || (policy == reset_policy::full && !how.unused))
    recycle(x, id, care::reset);
  else if (how.unused)
    recycle(x, id, care::none);
  else
    rest_proven(x, id);
}

void take_from_lost(step& x, connection_id id, const lease_end& how) {
  close_lease(x, id);
  if (how.left == trace::broken)
    take_broken(x, id, how.why);
  else if (x.s.config.reset_on_release == reset_policy::none)
    discard(x, id,
            {errc::connection_lost,
             "its holder is gone, and resets are turned off",
             {}});
  else
    recycle(x, id, care::reset);
}

} // namespace caf_pool::rules

#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/machine/policy/lifetime.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"
#include "caf_pool/machine/rules/recovery.hpp"

#include <utility>

namespace caf_pool::rules {

void step::tell(event_kind kind, connection_id connection, std::string text) {
  order(effect::emit{{kind, {}, connection, std::move(text)}});
}

step begin(pool_state& s, time_point now) {
  auto x = step{s, now, std::exchange(s.spare, {})};
  if (now <= s.planned_wakeup || !is_freeze(s.planned_wakeup, now))
    return x;
  auto late = now - s.planned_wakeup;
  ++s.counters.freezes;
  x.tell(event_kind::freeze_detected, {},
         "woke up " + to_rough_text(late)
           + " late; every idle connection is probed before use");
  s.table.postpone(late + worker_grace); // the workers were frozen, too
  suspect_all(x);
  return x;
}

namespace {

/// The usual case: nobody waits, and neither size nor front want a change.
bool calm(const pool_state& s) {
  auto& t = s.table;
  auto wanted = s.fill ? s.config.min_size : 0;
  auto size_fits
    = t.alive() <= s.config.max_size
      && t.alive() - t.count(connection_state::quarantined) >= wanted;
  return s.queue.empty() && s.life == pool_life::serving && s.breaker.closed()
         && size_fits && !s.exhausted && s.impatient.empty()
         && !s.front_reached_into && front_is_tended(s);
}

} // namespace

effects settle(step& x) {
  x.s.last_input = x.now;
  follow_breaker(x);
  if (!calm(x.s)) {
    expire(x);
    serve(x);
    reach_into_front(x);
    resize(x);
    turn_impatient_away(x);
    tend_front(x);
    note_exhaustion(x);
  }
  tell_standing(x);
  x.s.planned_wakeup = next_wakeup(x.s);
  return std::move(x.out);
}

// -- coming -------------------------------------------------------------------

bool nothing_serves(const pool_state& s) {
  return s.table.alive() == s.table.count(connection_state::opening);
}

bool may_shed(const pool_state& s) {
  return s.config.shed_overload && s.life == pool_life::serving
         && !nothing_serves(s);
}

namespace {

/// Returns why a caller cannot even wait; `errc::none` if it can.
error objection(const step& x, time_point until) {
  auto& s = x.s;
  auto breaker = s.breaker.state();
  if (ends(s.life))
    return closing_error(s);
  if (breaker == breaker_state::open || breaker == breaker_state::forced_open)
    return breaker_error(s, x.now);
  if (until <= x.now)
    return timeout_error(s, duration::zero(), x.now);
  if (s.refusal && !s.retry.may_try(x.now) && nothing_serves(s))
    return refusal_error(s, x.now);
  return {};
}

treatment judge(const step& x, connection_id id) {
  auto& s = x.s;
  return judge_for_hand_out(s.table.find(id)->age, s.config, s.generation,
                            s.suspect_before, x.now);
}

bool may_serve(const pool_state& s) {
  return s.life == pool_life::serving && s.breaker.closed();
}

/// How long a caller may use the connection: what it says, or half as much
/// again as others of its kind, because to stop it at the end costs the server
/// more than to let it finish.
duration time_needed(const step& x, const acquire_input& wish) {
  if (wish.how.expected > duration::zero())
    return wish.how.expected;
  auto typical = x.s.limited_uses.typical(wish.how.allowed, x.now);
  return typical + typical / 2;
}

/// How long a new caller will wait at least: for each round that those before
/// it need. Zero if it may overtake, or if there may be more connections soon.
duration expected_wait(const step& x, const acquire_input& wish) {
  auto& s = x.s;
  if (wish.how.priority > 0 || s.table.alive() < s.config.max_size)
    return duration::zero();
  auto rounds = static_cast<duration::rep>(s.queue.size() / s.config.max_size);
  return rounds * s.uses.typical(x.now);
}

/// Tells whether a caller would not be done in time while somebody else waits:
/// to serve it is to waste the connection.
bool too_late_for(const step& x, const acquire_input& wish, duration wait) {
  auto& s = x.s;
  if (!s.config.shed_overload || wish.how.allowed == duration::zero()
      || s.queue.empty() || !may_serve(s))
    return false;
  auto needed = time_needed(x, wish);
  return needed > duration::zero()
         && *wish.how.deadline - x.now < wait + needed;
}

void turn_away(step& x, const acquire_input& wish) {
  x.s.queue.note_refusal();
  reject(
    x, wish.caller,
    hurry_error(x.s, time_needed(x, wish), *wish.how.deadline - x.now, x.now));
}

/// The usual case: nobody waits, and what comes next is fit.
bool grant_at_once(step& x, acquire_input& wish) {
  auto& s = x.s;
  auto& idle = s.table.idle();
  if (!s.queue.empty() || idle.empty() || !may_serve(s))
    return false;
  auto id = s.config.order == hand_out_order::lifo ? idle.back() : idle.front();
  if (judge(x, id) != treatment::keep)
    return false;
  grant(x, id, std::move(wish), duration::zero());
  return true;
}

} // namespace

void admit(step& x, acquire_input in) {
  auto& s = x.s;
  s.fill = true;
  auto wish = std::move(in);
  // What has passed is over, however long ago: differences must not overflow.
  if (auto& end = wish.how.deadline)
    end = std::max(*end, x.now);
  auto until = end_of_wait(wish.how, s.config.acquire_timeout, x.now);
  wish.how.wait_until = until;
  wish.how.allowed = allowance(wish.how, x.now);
  if (s.wishes.contains(wish.caller))
    return; // a double: the wish is on its way
  if (auto why = objection(x, until)) {
    reject(x, wish.caller, std::move(why));
    return;
  }
  expire(x); // room that only the late took is free
  if (grant_at_once(x, wish))
    return;
  if (too_late_for(x, wish, expected_wait(x, wish))) {
    turn_away(x, wish);
    return;
  }
  auto entry = waiter{};
  entry.id = wish.caller;
  entry.enqueued = x.now;
  entry.deadline = until;
  entry.priority = wish.how.priority;
  entry.tenant = wish.how.tenant;
  if (!s.queue.push(entry, x.now)) {
    reject(x, wish.caller, full_error(s, x.now));
    return;
  }
  if (wish.how.only_if_free)
    s.impatient.push_back(wish.caller);
  auto caller = wish.caller;
  s.wishes.emplace(caller, std::move(wish));
}

void grant(step& x, connection_id id, acquire_input&& wish, duration waited) {
  auto& s = x.s;
  s.table.move_to(id, connection_state::leased, x.now);
  auto& record = *s.table.find(id);
  record.lease = {s.epoch, id, ++record.lease_generation};
  auto entry = lease_entry{};
  entry.id = record.lease;
  entry.holder = std::move(wish.how.holder);
  entry.since = x.now;
  entry.expected = wish.how.expected;
  entry.limit = wish.how.allowed;
  expect_leak(x, entry);
  s.leases.open(std::move(entry));
  ++s.counters.acquired;
  if (waited > duration::zero())
    ++s.counters.acquired_after_wait;
  x.order(effect::grant{wish.caller, record.lease, waited, wish.how.read_only,
                        *wish.how.wait_until});
}

// -- being turned away --------------------------------------------------------

namespace {

std::uint64_t& counter_of(pool_counters& c, errc why) {
  if (why == errc::acquire_timeout)
    return c.acquire_timeouts;
  if (why == errc::queue_full)
    return c.queue_full;
  if (why == errc::overloaded)
    return c.shed;
  if (why == errc::breaker_open)
    return c.rejected_by_breaker;
  return c.rejected;
}

} // namespace

void reject(step& x, ticket caller, error why) {
  ++counter_of(x.s.counters, why.code);
  x.order(effect::reject{caller, std::move(why)});
}

void reject_all(step& x, const error& why) {
  for (auto& waiter : x.s.queue.drain()) {
    x.s.wishes.erase(waiter.id);
    reject(x, waiter.id, why);
  }
}

void expire(step& x) {
  auto& s = x.s;
  if (s.queue.empty())
    return;
  std::vector<waiter> late;
  s.queue.expire(x.now, late);
  for (auto& waiter : late) {
    s.wishes.erase(waiter.id);
    auto why = timeout_error(s, x.now - waiter.enqueued, x.now);
    reject(x, waiter.id, std::move(why));
  }
  if (!may_shed(s))
    return;
  late.clear();
  s.queue.expect_use(s.uses.typical(x.now));
  s.queue.shed(x.now, late);
  for (auto& waiter : late) {
    s.wishes.erase(waiter.id);
    auto why = timeout_error(s, x.now - waiter.enqueued, x.now);
    why.code = errc::overloaded;
    why.message
      = "shed, because waiting stayed above shed_target; try again "
        "later: "
        + why.message;
    reject(x, waiter.id, std::move(why));
  }
}

void turn_impatient_away(step& x) {
  auto& s = x.s;
  if (s.impatient.empty() || s.front_reached_into)
    return; // the front answers at once
  for (auto caller : std::exchange(s.impatient, {})) {
    if (!s.queue.cancel(caller))
      continue;
    s.wishes.erase(caller);
    reject(x, caller, not_free_error(s, x.now));
  }
}

// -- being served -------------------------------------------------------------

namespace {

/// Takes the next waiter off the queue and grants it a connection.
void grant_to_next(step& x, connection_id id) {
  while (auto next = x.s.queue.pop(x.now)) {
    auto wish = x.s.wishes.extract(next->id);
    // The last one is served in any case: it does no harm, and how long it
    // takes tells whether the estimate is right.
    if (!too_late_for(x, wish.mapped(), duration::zero())) {
      grant(x, id, std::move(wish.mapped()), x.now - next->enqueued);
      return;
    }
    turn_away(x, wish.mapped());
  }
}

std::uint32_t probes_for_waiters(const pool_state& s) {
  std::uint32_t n = 0;
  if (s.table.count(connection_state::probing) > 0)
    for (auto& [id, record] : s.table.records())
      n += record.state == connection_state::probing && record.probe_for_waiter;
  return n;
}

/// What the idle connections have for the head of the queue.
struct choice {
  connection_id fit;
  connection_id doubtful;
  connection_id outdated;
};

/// Last in, first out takes the first fit one; first in, first out keeps the
/// order, because it is there to spread the use.
choice look_over_idle(const step& x) {
  auto& s = x.s;
  auto& idle = s.table.idle();
  auto lifo = s.config.order == hand_out_order::lifo;
  choice result;
  for (std::size_t i = 0; i < idle.size(); ++i) {
    auto id = lifo ? idle[idle.size() - 1 - i] : idle[i];
    auto judgement = judge(x, id);
    if (judgement == treatment::keep && (lifo || !result.doubtful)) {
      result.fit = id;
      return result;
    }
    auto& place = judgement == treatment::probe || judgement == treatment::keep
                    ? result.doubtful
                    : result.outdated;
    if (!place)
      place = id;
  }
  return result;
}

} // namespace

void serve_with(step& x, connection_id id) {
  expire(x);
  if (may_serve(x.s) && x.s.table.find(id)->state == connection_state::idle)
    grant_to_next(x, id);
}

void serve(step& x) {
  auto& s = x.s;
  if (s.queue.empty() || s.table.idle().empty() || !may_serve(s))
    return;
  auto coming = probes_for_waiters(s);
  while (!s.queue.empty()) {
    auto found = look_over_idle(x);
    if (found.fit) {
      grant_to_next(x, found.fit);
    } else if (found.doubtful && coming < s.queue.size()) {
      ++coming;
      begin_probe(x, found.doubtful, true);
    } else if (found.outdated && s.table.size() >= s.config.max_size
               && coming + s.table.count(connection_state::opening)
                      + s.table.count(connection_state::closing)
                    < s.queue.size()) {
      // Only to make room for its successor; the rest is the sweep's.
      retire(x, found.outdated, reason_of(judge(x, found.outdated)));
    } else {
      return;
    }
  }
}

} // namespace caf_pool::rules

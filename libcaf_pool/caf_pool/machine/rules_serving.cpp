#include "caf_pool/machine/lifetime.hpp"
#include "caf_pool/machine/pool_rules.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::rules {

void step::tell(event_kind kind, connection_id connection, std::string text) {
  order(effect::emit{{kind, {}, connection, std::move(text)}});
}

effects settle(step& x) {
  x.s.last_input = x.now;
  follow_breaker(x);
  expire(x);
  serve(x);
  tend_front(x);
  resize(x);
  turn_impatient_away(x);
  x.s.planned_wakeup = next_wakeup(x.s);
  return std::move(x.out);
}

void grant(step& x, connection_id id, const acquire_input& wish,
           duration waited) {
  auto& s = x.s;
  s.table.move_to(id, connection_state::leased, x.now);
  auto& record = *s.table.find(id);
  record.lease = {s.epoch, id, ++record.lease_generation};
  auto entry = lease_entry{};
  entry.id = record.lease;
  entry.holder = wish.holder;
  entry.since = x.now;
  entry.expected = wish.expected;
  s.leases.open(std::move(entry));
  if (s.next_leak_check == never)
    s.next_leak_check
      = s.leases.next_check(s.config.leak_threshold, s.config.leak_revoke);
  ++s.counters.acquired;
  if (waited > duration::zero())
    ++s.counters.acquired_after_wait;
  x.order(effect::grant{wish.caller, record.lease, waited});
}

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
  if (!s.config.shed_overload || s.life != pool_life::serving)
    return;
  late.clear();
  s.queue.shed(x.now, late);
  for (auto& waiter : late) {
    s.wishes.erase(waiter.id);
    auto why = timeout_error(s, x.now - waiter.enqueued, x.now);
    why.code = errc::overloaded;
    why.message
      = "shed, because waiting stayed above "
        "shed_target; try again later: "
        + why.message;
    reject(x, waiter.id, std::move(why));
  }
}

namespace {

/// Takes the next waiter off the queue and returns its wish.
std::optional<acquire_input> next_wish(step& x, duration& waited) {
  auto waiter = x.s.queue.pop(x.now);
  if (!waiter)
    return std::nullopt;
  auto i = x.s.wishes.find(waiter->id);
  auto wish = std::move(i->second);
  x.s.wishes.erase(i);
  waited = x.now - waiter->enqueued;
  return wish;
}

/// Returns whether enough probes for the waiters are under way.
bool probes_suffice(const pool_state& s, std::uint32_t probing) {
  return probing >= s.queue.size();
}

std::uint32_t probes_for_waiters(const pool_state& s) {
  std::uint32_t n = 0;
  if (s.table.count(connection_state::probing) > 0)
    for (auto& [id, record] : s.table.records())
      n += record.state == connection_state::probing && record.probe_for_waiter;
  return n;
}

} // namespace

void serve(step& x) {
  auto& s = x.s;
  if (s.queue.empty() || s.life != pool_life::serving || !s.breaker.closed())
    return;
  auto probing = probes_for_waiters(s);
  while (!s.queue.empty()) {
    auto id = s.table.next_idle(s.config.order);
    if (!id)
      break;
    auto& record = *s.table.find(*id);
    auto judgement = judge_for_hand_out(record.age, s.config, s.generation,
                                        s.suspect_before, x.now);
    if (judgement == verdict::keep) {
      auto waited = duration::zero();
      auto wish = next_wish(x, waited);
      if (!wish)
        break;
      grant(x, *id, *wish, waited);
    } else if (judgement == verdict::probe) {
      if (probes_suffice(s, probing))
        break;
      ++probing;
      begin_probe(x, *id, true);
    } else {
      retire(x, *id, reason_of(judgement));
    }
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
    reject(x, caller, timeout_error(s, duration::zero(), x.now));
  }
}

} // namespace caf_pool::rules

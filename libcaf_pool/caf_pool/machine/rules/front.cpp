#include "caf_pool/machine/policy/lifetime.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::rules {

namespace {

/// How often offered connections are looked over.
duration look_rhythm(const pool_config& config) {
  if (!config.validate_on_acquire)
    return config.sweep_interval;
  return std::max<duration>(config.validation_bypass,
                            std::chrono::milliseconds{10});
}

/// A full reset or a probe may be due after each use, and without a bypass a
/// probe before each, which the front cannot do. Nor does it keep an order.
bool lends_in_front(const pool_config& config) {
  auto probes_each = config.validate_on_acquire
                     && config.validation_bypass == duration::zero();
  return config.fast_lane && !probes_each && !config.validate_on_release
         && config.order == hand_out_order::lifo
         && config.reset_on_release != reset_policy::full;
}

bool fit(const step& x, const connection_record& record) {
  auto& s = x.s;
  return judge_for_hand_out(record.age, s.config, s.generation,
                            s.suspect_before, x.now)
         == treatment::keep;
}

void set_gate(step& x, bool shut) {
  auto& s = x.s;
  if (shut == s.front_shut)
    return;
  s.front_shut = shut;
  s.front_searched = false;
  x.order(effect::shut_front{shut});
}

/// Offers from the most recently used on, up to the first that needs a probe:
/// what lies idle does not become fitter.
void offer_idle(step& x) {
  auto& s = x.s;
  while (!s.table.idle().empty()) {
    auto id = s.table.idle().back();
    if (!fit(x, *s.table.find(id)))
      return;
    s.table.move_to(id, connection_state::offered, x.now);
    x.order(effect::offer_connection{id});
    if (s.next_look == never)
      s.next_look = add_saturated(x.now, look_rhythm(s.config));
  }
}

} // namespace

// -- the gate -----------------------------------------------------------------

void reach_into_front(step& x) {
  auto& s = x.s;
  s.front_reached_into = false;
  if (s.queue.empty() || s.life != pool_life::serving || !s.breaker.closed()
      || s.table.count(connection_state::offered) == 0)
    return;
  set_gate(x, true);
  if (s.front_searched)
    return;
  s.front_reached_into = true;
  x.order(effect::withdraw_any{});
}

void tend_front(step& x) {
  auto& s = x.s;
  auto lends = lends_in_front(s.config);
  set_gate(x, !lends || !s.queue.empty() || s.life != pool_life::serving
                || !s.breaker.closed());
  if (!s.front_shut)
    offer_idle(x);
  else if (!lends)
    recall_offered(x);
}

bool front_is_tended(const pool_state& s) {
  if (lends_in_front(s.config))
    return !s.front_shut && s.table.idle().empty();
  return s.front_shut && s.table.count(connection_state::offered) == 0;
}

void note_exhaustion(step& x) {
  auto& s = x.s;
  auto held = s.table.count(connection_state::leased);
  if (s.front_searched)
    held += s.table.count(connection_state::offered);
  if (!s.exhausted && !s.queue.empty() && held >= s.config.max_size) {
    s.exhausted = true;
    ++s.counters.exhausted;
    x.tell(event_kind::exhausted, {}, numbers(s, x.now));
  } else if (s.exhausted && s.queue.empty()) {
    s.exhausted = false;
    x.tell(event_kind::recovered);
  }
}

// -- taking back --------------------------------------------------------------

void recall(step& x, connection_id id, connection_record& record) {
  if (record.recalled)
    return;
  record.recalled = true;
  x.order(effect::withdraw_connection{id});
}

void recall_offered(step& x) {
  if (x.s.table.count(connection_state::offered) == 0)
    return;
  for (auto& [id, record] : x.s.table.records())
    if (record.state == connection_state::offered)
      recall(x, id, record);
}

void second_chance(step& x) {
  auto& s = x.s;
  if (x.now < s.next_look)
    return;
  s.next_look = s.table.count(connection_state::offered) > 0
                  ? add_saturated(x.now, look_rhythm(s.config))
                  : never;
  for (auto& [id, record] : s.table.records())
    if (record.state == connection_state::offered && !fit(x, record))
      recall(x, id, record);
}

// -- looking ------------------------------------------------------------------

void note_front(step& x, connection_record& record, std::uint64_t uses,
                bool taken) {
  auto& s = x.s;
  auto ended_before = record.front_uses - record.front_taken;
  auto ended = uses - taken;
  if (uses < record.front_uses || ended < ended_before)
    return;
  auto fresh = ended - ended_before;
  s.counters.acquired += uses - record.front_uses;
  s.counters.released += fresh;
  // Before a failure or after it? The look cannot tell.
  auto certain = record.seen_at > s.suspect_before;
  s.table.note_front(record, uses, taken, x.now);
  if (fresh == 0)
    return;
  s.breaker.observed(fresh, 0, x.now);
  record.age.last_used = x.now;
  if (!certain)
    return;
  healthy(x, record);
  record.age.last_proven = x.now - duration{1}; // it ended before this look
}

void note_front_lease(step& x, const front_view& slot) {
  auto& s = x.s;
  auto cleared = std::optional<lease_entry>{};
  if (slot.taken) {
    auto id = lease_id::in_front(s.epoch, slot.connection, slot.generation);
    auto* known = s.leases.find(slot.connection);
    if (known != nullptr && known->id.generation == id.generation)
      return;
    auto entry = lease_entry{};
    entry.id = id;
    entry.holder = slot.holder;
    entry.since = slot.since;
    expect_leak(x, entry);
    cleared = s.leases.seen_in_front(std::move(entry));
  } else if (auto entry = s.leases.close(slot.connection);
             entry && entry->suspected) {
    cleared = std::move(entry);
  }
  if (cleared)
    x.tell(event_kind::leak_cleared, slot.connection, cleared->holder);
}

void claim(step& x, connection_record& record, const lease_claim& in) {
  auto& s = x.s;
  auto id = in.lease.connection;
  note_front(x, record, std::max(in.front_uses, record.front_uses), true);
  auto entry = lease_entry{};
  // What was found out about the holding stays true.
  if (auto seen = s.leases.close(id);
      seen && seen->id.generation == in.lease.generation)
    entry = *std::move(seen);
  entry.id = in.lease;
  entry.holder = in.holder;
  entry.since = in.since;
  entry.from_front = false;
  s.table.move_to(id, connection_state::leased, x.now);
  record.lease = entry.id;
  expect_leak(x, entry);
  s.leases.open(std::move(entry));
}

} // namespace caf_pool::rules

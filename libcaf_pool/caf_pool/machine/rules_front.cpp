#include "caf_pool/machine/lifetime.hpp"
#include "caf_pool/machine/pool_rules.hpp"

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

void offer_idle(step& x) {
  auto& s = x.s;
  auto idle = s.table.idle();
  for (auto id : idle) {
    auto& record = *s.table.find(id);
    if (judge_for_hand_out(record.age, s.config, s.generation, s.suspect_before,
                           x.now)
        != verdict::keep)
      continue;
    s.table.move_to(id, connection_state::offered, x.now);
    x.order(effect::offer_connection{id});
    if (s.next_look == never)
      s.next_look = add_saturated(x.now, look_rhythm(s.config));
  }
}

void note_exhaustion(step& x) {
  auto& s = x.s;
  auto held = s.table.count(connection_state::leased)
              + s.table.count(connection_state::offered);
  if (!s.exhausted && !s.queue.empty() && held >= s.config.max_size) {
    s.exhausted = true;
    ++s.counters.exhausted;
    x.tell(event_kind::exhausted, {}, numbers(s, x.now));
  } else if (s.exhausted && s.queue.empty()) {
    s.exhausted = false;
    x.tell(event_kind::recovered);
  }
}

} // namespace

void tend_front(step& x) {
  auto& s = x.s;
  auto shut = !s.config.fast_lane || !s.queue.empty()
              || s.life != pool_life::serving || !s.breaker.closed();
  if (shut != s.front_shut) {
    s.front_shut = shut;
    s.front_searched = false;
    x.order(effect::shut_front{shut});
  }
  s.front_reached_into = shut && !s.queue.empty() && !s.front_searched
                         && s.life == pool_life::serving
                         && s.table.count(connection_state::offered) > 0;
  if (s.front_reached_into)
    x.order(effect::withdraw_any{});
  if (!shut)
    offer_idle(x);
  note_exhaustion(x);
}

void recall(step& x, connection_id id, connection_record& record) {
  if (record.recalled)
    return;
  record.recalled = true;
  x.order(effect::withdraw_connection{id});
}

void recall_offered(step& x) {
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
    if (record.state == connection_state::offered
        && judge_for_hand_out(record.age, s.config, s.generation,
                              s.suspect_before, x.now)
             != verdict::keep)
      recall(x, id, record);
}

void count_front_uses(step& x, connection_record& record, std::uint64_t uses) {
  if (uses <= record.front_uses)
    return;
  auto delta = uses - record.front_uses;
  record.front_uses = uses;
  x.s.counters.acquired += delta;
  x.s.counters.released += delta;
}

void note_front_lease(step& x, const front_view& slot,
                      const connection_record& record) {
  auto& s = x.s;
  auto cleared = std::optional<lease_entry>{};
  if (record.front_taken) {
    auto entry = lease_entry{};
    entry.id = {s.epoch, slot.connection, slot.generation};
    entry.holder = slot.holder;
    entry.since = slot.since;
    cleared = s.leases.seen_in_front(std::move(entry));
    if (s.next_leak_check == never)
      s.next_leak_check
        = s.leases.next_check(s.config.leak_threshold, s.config.leak_revoke);
  } else if (auto entry = s.leases.close(slot.connection);
             entry && entry->suspected) {
    cleared = std::move(entry);
  }
  if (cleared)
    x.tell(event_kind::leak_cleared, slot.connection, cleared->holder);
}

} // namespace caf_pool::rules

#include "caf_pool/machine/pool_machine.hpp"

#include "caf_pool/machine/policy/lifetime.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"
#include "caf_pool/machine/rules/recovery.hpp"

#include <utility>

namespace caf_pool {

using rules::settle;
using rules::step;

namespace {

wait_queue_config queue_config(const pool_config& x) {
  wait_queue_config result;
  result.limit = x.waiter_limit();
  result.ageing = x.priority_ageing;
  result.shed = x.shed_overload;
  result.shed_target = x.shed_target;
  result.shed_interval = x.shed_interval;
  return result;
}

} // namespace

pool_state::pool_state(const pool_config& cfg, pool_epoch at,
                       std::uint64_t seed)
  : config(cfg),
    epoch(at),
    random(seed),
    queue(queue_config(cfg)),
    breaker(cfg.breaker, random.split()),
    retry(cfg.retry, random.split()),
    recovery(random_source{~seed}) {
  // nop
}

pool_machine::pool_machine(const pool_config& config, pool_epoch epoch,
                           std::uint64_t seed)
  : state_(config, epoch, seed) {
  // nop
}

// -- life ---------------------------------------------------------------------

effects pool_machine::start(time_point now) {
  auto x = rules::begin(state_, now);
  state_.started = now;
  state_.last_success = now;
  state_.next_sweep = now + state_.config.sweep_interval;
  state_.next_health = now + state_.config.health_check_interval;
  state_.fill = state_.config.warm_up == warm_up_policy::to_min;
  return settle(x);
}

namespace {

/// Takes over the connections of a predecessor and who holds them.
void adopt_connections(step& x, const pool_state& old) {
  for (auto& [id, record] : old.table.records()) {
    auto copy = record;
    copy.permit.reset(); // its result will be late
    copy.recalled = false;
    x.s.table.adopt(id, copy);
    if (record.state != connection_state::closing || record.given_up)
      continue;
    // Nobody would notice if that order was lost.
    auto deadline = x.now + x.s.config.close_timeout;
    x.s.table.watch(id, deadline + worker_grace);
    x.order(effect::close_connection{id, deadline, true});
  }
  x.s.table.adopt_idle(old.table.idle());
  x.s.table.skip_ids(old.table.last_id());
  for (auto& entry : old.leases.entries())
    x.s.leases.open(entry);
}

/// Takes over what a predecessor had learnt.
void adopt_memory(pool_state& s, const pool_state& old) {
  s.breaker.restore(old.breaker.remember());
  s.retry.restore(old.retry.remember());
  s.counters = old.counters;
  s.life = old.life;
  s.generation = old.generation;
  s.suspect_before = old.suspect_before;
  s.validation_failures = old.validation_failures;
  s.last_error = old.last_error;
  s.refusal = old.refusal;
  s.failed_at = old.failed_at;
  s.well_at = old.well_at;
  s.unpaused = old.unpaused;
  s.recovery = old.recovery;
  s.recovery.forget_look();
  s.fill = old.fill;
  s.ramp = old.ramp;
  s.failing = old.failing;
  s.down = old.down;
  s.told = old.told;
  s.exhausted = old.exhausted;
  s.told_the_end = old.told_the_end;
  s.typical_use = old.typical_use;
  s.typical_open = old.typical_open;
  s.uses = old.uses;
  s.limited_uses = old.limited_uses;
  s.started = old.started;
  s.last_success = old.last_success;
}

} // namespace

effects pool_machine::succeed(const pool_machine& predecessor, time_point now) {
  auto x = step{state_, now, {}};
  adopt_connections(x, predecessor.state_);
  adopt_memory(state_, predecessor.state_);
  ++state_.counters.restarts;
  state_.next_sweep = now + state_.config.sweep_interval;
  state_.next_health = now + state_.config.health_check_interval;
  state_.next_look = now;
  state_.next_leak_check = now;
  // The front may be in any state: say what it must be.
  state_.front_shut = true;
  x.order(effect::shut_front{true});
  x.tell(event_kind::pool_restarted);
  return settle(x);
}

effects pool_machine::pause(time_point now) {
  auto x = rules::begin(state_, now);
  if (state_.life == pool_life::serving) {
    state_.life = pool_life::paused;
    x.tell(event_kind::paused);
  }
  return settle(x);
}

effects pool_machine::resume(time_point now) {
  auto x = rules::begin(state_, now);
  if (state_.life == pool_life::paused) {
    state_.life = pool_life::serving;
    x.tell(event_kind::resumed);
  }
  return settle(x);
}

effects pool_machine::drain(time_point now) {
  auto x = rules::begin(state_, now);
  if (state_.life == pool_life::serving || state_.life == pool_life::paused) {
    state_.life = pool_life::draining;
    x.tell(event_kind::draining, {}, rules::numbers(state_, now));
    rules::reject_all(x, rules::closing_error(state_));
    rules::give_up_unwanted(x);
    rules::recall_offered(x);
  }
  return settle(x);
}

effects pool_machine::shut_down(time_point now) {
  auto x = rules::begin(state_, now);
  state_.life = pool_life::closed;
  rules::reject_all(x, rules::closing_error(state_));
  rules::give_up_unwanted(x);
  rules::recall_offered(x);
  for (auto& entry : state_.leases.entries())
    rules::revoke(x, entry, {errc::lease_lost, "the pool was shut down", {}});
  return settle(x);
}

namespace {

/// From now on connections go to another server, or to one of which somebody
/// knows that it is back: what failed before delays nothing any more.
void forget_failures(step& x) {
  auto& s = x.s;
  ++s.generation;
  rules::give_up_unwanted(x);
  s.retry.hurry(x.now);
  s.recovery.start_over();
  s.refusal = {};
  if (s.breaker.state() == breaker_state::open)
    s.breaker.force(breaker_state::half_open, x.now);
  s.fill = true;
}

} // namespace

effects pool_machine::reconnect(time_point now) {
  auto x = rules::begin(state_, now);
  forget_failures(x);
  rules::recall_offered(x);
  rules::retire_outdated(x);
  return settle(x);
}

namespace {

/// What was concluded from failures under other settings holds no longer.
void try_anew(pool_state& s, time_point now) {
  s.refusal = {};
  s.retry.hurry(now);
  if (s.breaker.state() == breaker_state::open)
    s.breaker.force(breaker_state::half_open, now);
}

/// Lifetimes are drawn when connections open: those that are open get theirs
/// by the new settings, too.
void draw_lifetimes(pool_state& s) {
  for (auto& [id, record] : s.table.records())
    if (record.state != connection_state::opening)
      s.table.find(id)->age.lifetime = draw_lifetime(s.config, s.random);
}

} // namespace

effects pool_machine::configure(const pool_config& config, bool recycle,
                                time_point now) {
  auto x = rules::begin(state_, now);
  auto old = std::exchange(state_.config, config);
  state_.queue.configure(queue_config(config));
  state_.breaker.configure(config.breaker);
  state_.retry.configure(config.retry);
  state_.next_sweep = now + config.sweep_interval;
  state_.next_health = now + config.health_check_interval;
  state_.next_leak_check = now;
  state_.next_look = now;
  if (recycle || old.retry != config.retry || old.breaker != config.breaker)
    try_anew(state_, now);
  if (old.max_lifetime != config.max_lifetime
      || old.lifetime_jitter_percent != config.lifetime_jitter_percent)
    draw_lifetimes(state_);
  if (config.warm_up == warm_up_policy::to_min)
    state_.fill = true;
  x.tell(event_kind::reconfigured);
  if (recycle) {
    // Spread over the sweeps and the releases, unlike `reconnect`.
    forget_failures(x);
    rules::recall_offered(x);
  }
  return settle(x);
}

effects pool_machine::force_breaker(breaker_state to, time_point now) {
  auto x = rules::begin(state_, now);
  state_.breaker.force(to, now);
  return settle(x);
}

// -- callers ------------------------------------------------------------------

effects pool_machine::acquire(acquire_input in, time_point now) {
  auto x = rules::begin(state_, now);
  rules::follow_breaker(x);
  rules::admit(x, std::move(in));
  return settle(x);
}

void pool_machine::reuse(effects orders) noexcept {
  orders.clear();
  if (orders.capacity() > state_.spare.capacity())
    state_.spare = std::move(orders);
}

effects pool_machine::cancel(ticket caller, time_point now) {
  auto x = rules::begin(state_, now);
  if (state_.queue.cancel(caller)) {
    state_.wishes.erase(caller);
    ++state_.counters.cancelled;
  }
  return settle(x);
}

effects pool_machine::release(const lease_id& lease, const lease_end& how,
                              time_point now) {
  auto x = rules::begin(state_, now);
  if (!state_.leases.valid(lease)) {
    ++state_.counters.stale_releases;
  } else {
    ++state_.counters.released;
    rules::take_back(x, lease.connection, how);
  }
  return settle(x);
}

effects pool_machine::holder_lost(const lease_id& lease, bool busy,
                                  time_point now) {
  auto x = rules::begin(state_, now);
  if (!state_.leases.valid(lease)) {
    ++state_.counters.stale_releases;
    return settle(x);
  }
  ++state_.counters.leases_revoked;
  if (!busy) {
    rules::take_from_lost(x, lease.connection, {});
    return settle(x);
  }
  auto deadline = now + state_.config.reset_timeout;
  rules::close_lease(x, lease.connection);
  state_.table.move_to(lease.connection, connection_state::quarantined, now);
  state_.table.watch(lease.connection, deadline + worker_grace);
  x.order(effect::cancel_connection{lease.connection, deadline});
  return settle(x);
}

effects pool_machine::work_done(const lease_id& lease, const lease_end& how,
                                bool kept, time_point now) {
  auto x = rules::begin(state_, now);
  auto id = lease.connection;
  auto* record = state_.table.find(id);
  if (record != nullptr && record->state == connection_state::quarantined) {
    rules::take_from_lost(x, id, how);
  } else if (!kept && state_.leases.valid(lease)) {
    ++state_.counters.released;
    rules::take_back(x, id, how);
  }
  return settle(x);
}

} // namespace caf_pool

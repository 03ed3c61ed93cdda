#include "caf_pool/machine/pool_machine.hpp"

#include "caf_pool/machine/lifetime.hpp"
#include "caf_pool/machine/pool_rules.hpp"

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
    retry(cfg.retry, random.split()) {
  // nop
}

pool_machine::pool_machine(const pool_config& config, pool_epoch epoch,
                           std::uint64_t seed)
  : state_(config, epoch, seed) {
  // nop
}

// -- life ---------------------------------------------------------------------

effects pool_machine::start(time_point now) {
  auto x = step{state_, now, {}};
  state_.started = now;
  state_.last_success = now;
  state_.next_sweep = now + state_.config.sweep_interval;
  state_.next_health = now + state_.config.health_check_interval;
  state_.fill = state_.config.warm_up == warm_up_policy::to_min;
  return settle(x);
}

effects pool_machine::succeed(const pool_machine& predecessor, time_point now) {
  auto& old = predecessor.state_;
  auto x = step{state_, now, {}};
  for (auto& [id, record] : old.table.records()) {
    auto copy = record;
    copy.permit.reset(); // its result will be late
    copy.front_taken = false;
    copy.recalled = false;
    state_.table.adopt(id, copy);
  }
  state_.table.skip_ids(old.table.last_id());
  for (auto& [id, entry] : old.leases.entries())
    state_.leases.open(entry);
  state_.breaker.restore(old.breaker.remember());
  state_.retry.restore(old.retry.remember());
  state_.counters = old.counters;
  ++state_.counters.restarts;
  state_.life = old.life;
  state_.generation = old.generation;
  state_.suspect_before = old.suspect_before;
  state_.last_error = old.last_error;
  state_.fill = old.fill;
  state_.ramp = old.ramp;
  state_.down = old.down;
  state_.typical_use = old.typical_use;
  state_.typical_open = old.typical_open;
  state_.started = old.started;
  state_.last_success = old.last_success;
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
  auto x = step{state_, now, {}};
  if (state_.life == pool_life::serving) {
    state_.life = pool_life::paused;
    x.tell(event_kind::paused);
  }
  return settle(x);
}

effects pool_machine::resume(time_point now) {
  auto x = step{state_, now, {}};
  if (state_.life == pool_life::paused) {
    state_.life = pool_life::serving;
    x.tell(event_kind::resumed);
  }
  return settle(x);
}

effects pool_machine::drain(time_point now) {
  auto x = step{state_, now, {}};
  if (state_.life == pool_life::serving || state_.life == pool_life::paused) {
    state_.life = pool_life::draining;
    x.tell(event_kind::draining, {}, rules::numbers(state_, now));
    rules::reject_all(x, rules::closing_error(state_));
    rules::recall_offered(x);
  }
  return settle(x);
}

effects pool_machine::shut_down(time_point now) {
  auto x = step{state_, now, {}};
  state_.life = pool_life::closed;
  rules::reject_all(x, rules::closing_error(state_));
  rules::recall_offered(x);
  auto leases = state_.leases.entries();
  for (auto& [id, entry] : leases) {
    auto* record = state_.table.find(id);
    if (record == nullptr || record->state != connection_state::leased)
      continue;
    auto why = error{errc::lease_lost, "the pool was shut down", {}};
    x.order(effect::revoke_lease{entry.id, why});
    state_.leases.close(id);
    ++state_.counters.leases_revoked;
    rules::lose(x, id, why);
  }
  return settle(x);
}

effects pool_machine::reconnect(time_point now) {
  auto x = step{state_, now, {}};
  ++state_.generation;
  state_.retry.hurry(now);
  state_.fill = true;
  rules::recall_offered(x);
  rules::retire_outdated(x);
  return settle(x);
}

effects pool_machine::configure(const pool_config& config, bool recycle,
                                time_point now) {
  auto x = step{state_, now, {}};
  state_.config = config;
  state_.queue.configure(queue_config(config));
  state_.breaker.configure(config.breaker);
  state_.retry.configure(config.retry);
  state_.next_sweep = now + config.sweep_interval;
  state_.next_health = now + config.health_check_interval;
  state_.next_leak_check = now;
  x.tell(event_kind::reconfigured);
  if (recycle) {
    // Spread over the sweeps and the releases, unlike `reconnect`.
    ++state_.generation;
    rules::recall_offered(x);
  }
  return settle(x);
}

effects pool_machine::force_breaker(breaker_state to, time_point now) {
  auto x = step{state_, now, {}};
  state_.breaker.force(to, now);
  return settle(x);
}

// -- callers ------------------------------------------------------------------

effects pool_machine::acquire(const acquire_input& in, time_point now) {
  auto x = step{state_, now, {}};
  auto& s = state_;
  s.fill = true;
  rules::follow_breaker(x);
  if (s.life == pool_life::draining || s.life == pool_life::closed) {
    rules::reject(x, in.caller, rules::closing_error(s));
  } else if (s.breaker.state() == breaker_state::open
             || s.breaker.state() == breaker_state::forced_open) {
    rules::reject(x, in.caller, rules::breaker_error(s, now));
  } else if (in.deadline <= now) {
    rules::reject(x, in.caller, rules::timeout_error(s, duration::zero(), now));
  } else {
    rules::expire(x); // room that only the late took is free
    auto entry = waiter{};
    entry.id = in.caller;
    entry.enqueued = now;
    entry.deadline = in.deadline;
    entry.priority = in.priority;
    entry.tenant = in.tenant;
    if (s.wishes.contains(in.caller)) {
      // A duplicate: the wish is on its way.
    } else if (s.queue.push(entry, now)) {
      s.wishes.emplace(in.caller, in);
      if (in.only_if_free)
        s.impatient.push_back(in.caller);
    } else {
      rules::reject(x, in.caller, rules::full_error(s, now));
    }
  }
  return settle(x);
}

effects pool_machine::cancel(ticket caller, time_point now) {
  auto x = step{state_, now, {}};
  if (state_.queue.cancel(caller)) {
    state_.wishes.erase(caller);
    ++state_.counters.cancelled;
  }
  return settle(x);
}

effects pool_machine::release(const lease_id& lease, const lease_end& how,
                              time_point now) {
  auto x = step{state_, now, {}};
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
  auto x = step{state_, now, {}};
  if (!state_.leases.valid(lease)) {
    ++state_.counters.stale_releases;
    return settle(x);
  }
  ++state_.counters.leases_revoked;
  if (!busy) {
    auto how = lease_end{};
    how.left = trace::dirty; // nobody can tell what it did last
    rules::take_back(x, lease.connection, how);
    return settle(x);
  }
  auto deadline = now + state_.config.reset_timeout;
  state_.leases.close(lease.connection);
  state_.table.move_to(lease.connection, connection_state::quarantined, now);
  state_.table.watch(lease.connection, deadline);
  x.order(effect::cancel_connection{lease.connection, deadline});
  return settle(x);
}

effects pool_machine::settled(connection_id id, const lease_end& how,
                              time_point now) {
  auto x = step{state_, now, {}};
  auto* record = state_.table.find(id);
  if (record != nullptr && record->state == connection_state::quarantined) {
    auto end = how;
    if (end.left == trace::clean)
      end.left = trace::dirty;
    rules::take_back(x, id, end);
  }
  return settle(x);
}

} // namespace caf_pool

#include "caf_pool/machine/policy/lifetime.hpp"
#include "caf_pool/machine/policy/sizing.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"
#include "caf_pool/machine/rules/recovery.hpp"

#include <algorithm>

namespace caf_pool::rules {

namespace {

/// While half open, the pool itself tries: no caller is put at risk.
void try_half_open(step& x) {
  auto& s = x.s;
  if (s.breaker.state() != breaker_state::half_open)
    return;
  retire_outdated(x); // they tell nothing about the server of today
  for (auto& [id, record] : s.table.records())
    if (record.state == connection_state::opening && record.early
        && !record.permit)
      record.permit = s.breaker.try_acquire(x.now); // that is the trial
  if (!s.table.idle().empty()) {
    // The one used last is the likeliest to live.
    auto id = s.table.idle().back();
    if (auto permit = s.breaker.try_acquire(x.now)) {
      begin_probe(x, id, false);
      s.table.find(id)->permit = permit;
    }
  } else if (s.table.size() < s.config.max_size
             && s.table.count(connection_state::opening) == 0
             && s.recovery.may_connect(x.now)) {
    open_one(x);
  }
}

/// Closes what free connections there are; the rest comes back by itself.
void close_free(step& x) {
  auto& s = x.s;
  while (!s.table.idle().empty())
    retire(x, s.table.idle().front(), "the pool ends");
  if (s.table.size() > 0 || s.told_the_end)
    return;
  s.life = pool_life::closed;
  s.told_the_end = true;
  x.tell(event_kind::drained);
}

void close_excess(step& x) {
  auto& s = x.s;
  while (s.table.alive() > s.config.max_size && !s.table.idle().empty())
    retire(x, s.table.idle().front(), "the pool became smaller");
  if (s.table.alive() > s.config.max_size)
    recall_offered(x);
}

/// Idle connections that a waiter will not get. Only rarely there are both.
std::uint32_t outdated_idle(const pool_state& s, time_point now) {
  std::uint32_t n = 0;
  if (!s.queue.empty())
    for (auto id : s.table.idle())
      n += judge_release(s.table.find(id)->age, s.generation, now)
           != treatment::keep;
  return n;
}

/// The pool wants no connection more, whatever would be allowed.
bool has_enough(sizing_input facts) {
  facts.may_open = true;
  facts.ramping = false;
  facts.open_concurrency = facts.max;
  return facts.opening == 0 && connections_to_open(facts) == 0;
}

} // namespace

sizing_input size_facts(const pool_state& s, time_point now) {
  sizing_input in;
  in.min = s.fill ? s.config.min_size : 0;
  in.max = s.config.max_size;
  in.overflow = s.config.max_overflow;
  auto g = gauges(s);
  auto outdated = outdated_idle(s, now);
  in.opening = g.opening;
  in.idle = g.idle - outdated;
  in.leased = g.leased;
  in.busy = g.resetting + g.probing;
  in.closing = g.closing + outdated;
  in.quarantined = g.quarantined;
  // As long as the front was not searched, it may serve whoever waits.
  in.waiting
    = s.front_reached_into ? 0 : static_cast<std::uint32_t>(s.queue.size());
  in.open_concurrency = s.config.open_concurrency;
  in.may_open = may_open(s, now);
  auto careful = s.recovery.limits(now);
  in.ramping
    = s.retry.failures() > 0 || s.ramp < s.config.open_concurrency || careful;
  in.ramp_limit = s.retry.failures() > 0 ? 1
                  : careful              ? std::min(s.ramp, 2u)
                                         : s.ramp;
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
  look_for_server(x);
  auto facts = size_facts(s, x.now);
  for (auto n = connections_to_open(facts); n > 0 && may_open(s, x.now); --n) {
    s.unpaused += !s.retry.may_try(x.now);
    open_one(x);
  }
  if (s.breaker.closed() && has_enough(size_facts(s, x.now)))
    s.recovery.satisfied(x.now);
}

time_point next_growth(const pool_state& s) {
  if (s.queue.empty() || s.table.size() >= s.config.max_size)
    return never;
  auto left = forecast_left(size_facts(s, s.last_input));
  return left == duration::max() ? never : add_saturated(s.last_input, left);
}

void open_one(step& x) {
  auto& s = x.s;
  auto permit = s.breaker.try_acquire(x.now);
  if (!permit)
    return;
  begin_opening(x, permit);
}

connection_record& begin_opening(
  step& x, const std::optional<circuit_breaker::permit>& permit) {
  auto& s = x.s;
  auto id = s.table.add(x.now);
  auto& record = *s.table.find(id);
  record.permit = permit;
  record.age.generation = s.generation;
  auto deadline = x.now + s.config.open_timeout;
  s.table.watch(id, deadline + worker_grace);
  s.recovery.connected(x.now);
  x.order(effect::open_connection{id, deadline});
  return record;
}

} // namespace caf_pool::rules

#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/machine/pool_machine.hpp"
#include "caf_pool/machine/pool_rules.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace caf_pool {

namespace rules {

pool_gauges gauges(const pool_state& s) {
  pool_gauges result;
  auto count = [&s](connection_state x) { return s.table.count(x); };
  result.opening = count(connection_state::opening);
  result.idle = count(connection_state::idle);
  result.leased = count(connection_state::leased);
  result.resetting = count(connection_state::resetting);
  result.probing = count(connection_state::probing);
  result.closing = count(connection_state::closing);
  result.quarantined = count(connection_state::quarantined);
  result.waiting = static_cast<std::uint32_t>(s.queue.size());
  auto offered = count(connection_state::offered);
  if (offered > 0) {
    std::uint32_t taken = 0;
    for (auto& [id, record] : s.table.records())
      taken += record.state == connection_state::offered
               && (record.front_taken || s.front_searched);
    result.leased += taken;
    result.idle += offered - taken;
  }
  return result;
}

std::string reason_of(verdict x) {
  switch (x) {
    case verdict::keep:
    case verdict::probe:
      return {};
    case verdict::retire_age:
      return "lifetime is over";
    case verdict::retire_idle:
      return "idle for too long";
    case verdict::retire_generation:
      return "replaced by a newer generation";
  }
  return {};
}

std::string numbers(const pool_state& s, time_point now) {
  auto g = gauges(s);
  auto str = std::to_string(g.leased) + " of "
             + std::to_string(s.config.max_size) + " leased, "
             + std::to_string(g.idle) + " idle, " + std::to_string(g.opening)
             + " opening, " + std::to_string(g.waiting) + " waiting, breaker "
             + std::string{to_string(s.breaker.state())};
  if (auto oldest = s.leases.oldest()) {
    str += "; longest lease " + to_rough_text(now - oldest->since);
    if (!oldest->holder.empty())
      str += " by " + oldest->holder;
  }
  if (s.last_error)
    str += "; last failure: " + to_string(s.last_error);
  return str;
}

error timeout_error(const pool_state& s, duration waited, time_point now) {
  if (s.life == pool_life::paused)
    return {errc::paused,
            "the pool is paused; waited " + to_rough_text(waited) + " ("
              + numbers(s, now) + "); try again after it resumes",
            {}};
  auto text = "no connection within " + to_rough_text(waited) + " ("
              + numbers(s, now) + "); ";
  if (s.last_error && s.retry.failures() > 0)
    text += "the server does not accept connections: see the last failure";
  else
    text += "release leases sooner, raise max_size, or allow more time with "
            "acquire_timeout";
  return {errc::acquire_timeout, std::move(text), {}};
}

error breaker_error(const pool_state& s, time_point now) {
  auto left = s.breaker.open_for(now);
  auto text = std::string{"the breaker is open"};
  if (left > duration::zero())
    text += " for another " + to_rough_text(left);
  text += " (" + numbers(s, now)
          + "); the server is left in peace, try again later";
  return {errc::breaker_open, std::move(text), {}};
}

error full_error(const pool_state& s, time_point now) {
  return {errc::queue_full,
          std::to_string(s.queue.size())
            + " callers wait already (max_waiters); " + numbers(s, now)
            + "; slow down, or raise max_size",
          {}};
}

error closing_error(const pool_state& s) {
  if (s.life == pool_life::closed)
    return {errc::closed, "the pool is closed", {}};
  return {errc::draining, "the pool drains and takes no new callers", {}};
}

} // namespace rules

namespace {

pool_status status_of(const pool_state& s) {
  switch (s.life) {
    case pool_life::paused:
      return pool_status::paused;
    case pool_life::draining:
      return pool_status::draining;
    case pool_life::closed:
      return pool_status::closed;
    case pool_life::serving:
      break;
  }
  auto open = s.breaker.state() == breaker_state::open
              || s.breaker.state() == breaker_state::forced_open;
  auto usable = s.table.count(connection_state::idle)
                + s.table.count(connection_state::offered)
                + s.table.count(connection_state::leased);
  if (open || (s.down && usable == 0))
    return pool_status::down;
  if (s.retry.failures() > 0 || s.exhausted
      || s.breaker.state() == breaker_state::half_open)
    return pool_status::degraded;
  return pool_status::up;
}

std::vector<std::string> reasons_of(const pool_state& s, time_point now) {
  std::vector<std::string> result;
  if (!s.breaker.closed()) {
    auto text = "breaker " + std::string{to_string(s.breaker.state())};
    auto left = s.breaker.open_for(now);
    if (left > duration::zero())
      text += " for " + to_rough_text(left);
    result.push_back(std::move(text));
  }
  if (s.retry.failures() > 0)
    result.push_back(std::to_string(s.retry.failures())
                     + " failures to open in a row: "
                     + to_string(s.last_error));
  if (s.exhausted)
    result.push_back("exhausted: " + rules::numbers(s, now));
  return result;
}

} // namespace

pool_snapshot pool_machine::snapshot(time_point now) const {
  auto& s = state_;
  pool_snapshot result;
  result.name = s.config.name;
  result.backend = s.config.backend;
  result.status = status_of(s);
  result.reasons = reasons_of(s, now);
  result.required = s.config.required;
  result.min_size = s.config.min_size;
  result.max_size = s.config.max_size;
  result.max_overflow = s.config.max_overflow;
  result.max_waiters = s.config.waiter_limit();
  result.gauges = rules::gauges(s);
  result.counters = s.counters;
  result.longest_wait = s.queue.longest_wait(now);
  result.breaker = s.breaker.state();
  result.breaker_open_for = s.breaker.open_for(now);
  result.consecutive_open_failures = s.retry.failures();
  result.last_error = s.last_error;
  result.uptime = now - s.started;
  result.leases = s.leases.list(now);
  return result;
}

std::vector<std::string> pool_machine::violations(time_point now) const {
  std::vector<std::string> result;
  auto& s = state_;
  auto expect = [&result](bool ok, const char* text) {
    if (!ok)
      result.emplace_back(text);
  };
  expect(rules::gauges(s).total() == s.table.size(),
         "the states do not add up to the total");
  expect(s.queue.size() == s.wishes.size(), "a waiter without a wish");
  expect(s.queue.size() <= s.config.waiter_limit(), "the queue is too long");
  expect(s.queue.empty() || s.queue.next_deadline() > now,
         "a waiter without a future deadline");
  expect(s.planned_wakeup > now, "the wake-up is not in the future");
  expect(s.queue.empty() || s.planned_wakeup != never,
         "somebody waits and nothing wakes the pool");
  expect(s.table.idle().size() == s.table.count(connection_state::idle),
         "the idle order does not match the states");
  for (auto& [id, record] : s.table.records()) {
    auto leased = record.state == connection_state::leased;
    auto* entry = s.leases.find(id);
    expect(!leased || (entry != nullptr && entry->id == record.lease),
           "a leased connection without its lease");
    expect(leased || record.state == connection_state::offered
             || entry == nullptr,
           "a lease on a connection that nobody holds");
  }
  return result;
}

} // namespace caf_pool

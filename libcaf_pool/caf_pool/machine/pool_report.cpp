#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/machine/pool_machine.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"
#include "caf_pool/machine/rules/recovery.hpp"

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
  // While the front is shut and was searched, all that is offered is taken.
  auto offered = count(connection_state::offered);
  auto taken = s.front_searched ? offered : s.table.front_taken();
  result.leased += taken;
  result.idle += offered - taken;
  return result;
}

std::string_view reason_of(treatment x) {
  switch (x) {
    case treatment::keep:
    case treatment::probe:
      return {};
    case treatment::retire_age:
      return "lifetime is over";
    case treatment::retire_idle:
      return "idle for too long";
    case treatment::retire_generation:
      return "replaced by a newer generation";
  }
  return {};
}

std::string numbers(const pool_state& s, time_point now, const error& said) {
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
  if (s.last_error && s.last_error.message != said.message)
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
  if (s.failing && nothing_serves(s))
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

error refusal_error(const pool_state& s, time_point now) {
  auto result = s.refusal;
  auto left = std::max(s.retry.next_attempt() - now, duration::zero());
  result.message += " (" + numbers(s, now, s.refusal)
                    + "); this does not heal by itself: the next attempt is in "
                    + to_rough_text(left) + ", or at once after reconnect";
  return result;
}

error not_free_error(const pool_state& s, time_point now) {
  auto result = timeout_error(s, duration::zero(), now);
  if (result.code == errc::acquire_timeout)
    result.message = "no connection is free at the moment (" + numbers(s, now)
                     + "); try again, or wait for one";
  return result;
}

error hurry_error(const pool_state& s, duration needed, duration left,
                  time_point now) {
  return {errc::overloaded,
          "nothing was executed: " + to_rough_text(left)
            + " are left, a use may take " + to_rough_text(needed)
            + ", and others wait (" + numbers(s, now)
            + "); try again later, or allow more time",
          {}};
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
  auto result = rules::standing(s);
  auto wrong = s.failing || s.exhausted;
  return result == pool_status::up && wrong ? pool_status::degraded : result;
}

std::vector<std::string> reasons_of(const pool_state& s, time_point now) {
  std::vector<std::string> result;
  if (s.life == pool_life::paused)
    result.emplace_back("paused: callers wait until it is resumed");
  else if (s.life == pool_life::draining)
    result.push_back("draining: " + rules::numbers(s, now));
  else if (s.life == pool_life::closed)
    result.emplace_back("closed");
  if (!s.breaker.closed()) {
    auto text = "breaker " + std::string{to_string(s.breaker.state())};
    auto left = s.breaker.open_for(now);
    if (left > duration::zero())
      text += " for " + to_rough_text(left);
    result.push_back(std::move(text));
  }
  if (s.failing)
    result.push_back(std::to_string(s.retry.failures())
                     + " failures to open in a row"
                     + (s.last_error ? ": " + to_string(s.last_error) : ""));
  if (s.exhausted)
    result.push_back("exhausted: " + rules::numbers(s, now));
  return result;
}

/// What people call the state of a connection.
std::string_view state_name(const pool_state& s, const connection_record& x) {
  switch (x.state) {
    case connection_state::opening:
      return "opening";
    case connection_state::idle:
      return "idle";
    case connection_state::offered:
      return s.front_searched || x.front_taken ? "leased" : "idle";
    case connection_state::leased:
      return "leased";
    case connection_state::resetting:
      return "resetting";
    case connection_state::probing:
      return "probing";
    case connection_state::closing:
      return "closing";
    case connection_state::quarantined:
      return "quarantined";
  }
  return {};
}

std::vector<connection_info> connections_of(const pool_state& s,
                                            time_point now) {
  std::vector<connection_info> result;
  result.reserve(s.table.size());
  for (auto& [id, record] : s.table.records()) {
    auto info = connection_info{};
    info.id = id;
    info.state = state_name(s, record);
    if (record.age.opened_at != time_point{}) {
      info.age = now - record.age.opened_at;
      if (info.state != "leased")
        info.unused_for = now - record.age.last_used;
    }
    info.uses = record.lease_generation + record.front_uses;
    result.push_back(std::move(info));
  }
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
  result.connections = connections_of(s, now);
  return result;
}

} // namespace caf_pool

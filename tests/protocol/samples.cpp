#include "samples.hpp"

#include "caf_pool/core/histogram.hpp"

#include <bit>
#include <utility>

namespace caf_pool::test {

namespace {

/// Hands out 1, 2, 3, and so on.
struct counting {
  std::uint64_t last = 0;

  template <class T>
  void operator()(T& x) {
    x = static_cast<T>(++last);
  }

  void operator()(duration& x) {
    x = duration{static_cast<duration::rep>(++last)};
  }
};

void fill(pool_counters& x, counting& next) {
  for (auto* n : {&x.acquired,
                  &x.acquired_after_wait,
                  &x.released,
                  &x.acquire_timeouts,
                  &x.cancelled,
                  &x.queue_full,
                  &x.shed,
                  &x.rejected_by_breaker,
                  &x.rejected,
                  &x.opened,
                  &x.open_failures,
                  &x.retired,
                  &x.lost,
                  &x.probes,
                  &x.probe_failures,
                  &x.resets,
                  &x.reset_failures,
                  &x.executed,
                  &x.execute_errors,
                  &x.leaks_suspected,
                  &x.leases_revoked,
                  &x.stale_releases,
                  &x.breaker_openings,
                  &x.exhausted,
                  &x.restarts,
                  &x.freezes,
                  &x.late_results,
                  &x.server_warnings})
    next(*n);
}

histogram_snapshot some_times(std::int64_t seed) {
  histogram times;
  for (auto i = 0; i < 50; ++i)
    times.record(duration{seed * i * i * i});
  times.record(std::chrono::hours{3});
  return times.snapshot();
}

} // namespace

std::string random_text(random_source& dice) {
  std::string result(dice.below(20), '\0');
  for (auto& c : result)
    c = static_cast<char>(dice.below(256));
  return result;
}

sql_value random_value(random_source& dice) {
  switch (dice.below(7)) {
    case 0:
      return sql_null{};
    case 1:
      return dice.below(2) == 1;
    case 2:
      return static_cast<std::int64_t>(dice.next() >> dice.below(64));
    case 3:
      return static_cast<double>(dice.next()) / 3.0;
    case 4:
      return random_text(dice);
    case 5:
      return dice.next() >> dice.below(64);
    default: {
      blob bytes;
      for (auto c : random_text(dice))
        bytes.push_back(static_cast<std::byte>(c));
      return bytes;
    }
  }
}

std::vector<sql_statement> random_statements(random_source& dice) {
  std::vector<sql_statement> result(dice.below(4));
  for (auto& x : result) {
    x.text = random_text(dice);
    for (auto n = dice.below(5); n > 0; --n)
      x.parameters.push_back(random_value(dice));
  }
  return result;
}

std::vector<sql_result> random_results(random_source& dice) {
  std::vector<sql_result> result(dice.below(4));
  for (auto& x : result) {
    x.affected = dice.next() >> dice.below(64);
    for (auto n = dice.below(5); n > 0; --n)
      x.columns.push_back(random_text(dice));
    for (auto n = x.columns.size() * dice.below(10); n > 0; --n)
      x.cells.push_back(random_value(dice));
    if (x.columns.empty())
      x.bare_rows = dice.next() >> dice.below(64);
    for (auto n = dice.below(3); n > 0; --n)
      x.warnings.push_back({random_text(dice), random_text(dice)});
  }
  return result;
}

redis_commands random_commands(random_source& dice) {
  redis_commands result;
  result.as = static_cast<redis_commands::form>(dice.below(2));
  result.items.resize(dice.below(5));
  for (auto& x : result.items) {
    for (auto n = 1 + dice.below(5); n > 0; --n)
      x.add(std::string_view{random_text(dice)});
    x.idempotent(dice.below(2) == 1);
  }
  return result;
}

redis_value random_redis_value(random_source& dice, int depth) {
  switch (dice.below(depth > 0 ? 8 : 7)) {
    case 0:
      return {};
    case 1:
      return {static_cast<std::int64_t>(dice.next() >> dice.below(64))};
    case 2:
      return {static_cast<double>(dice.next()) / 3.0};
    case 3:
      return {dice.below(2) == 1};
    case 4:
      return {random_text(dice)};
    case 5:
      return {redis_status{random_text(dice)}};
    case 6:
      return {redis_failure{random_text(dice)}};
    default: {
      redis_array xs;
      xs.as = static_cast<redis_array::form>(dice.below(4));
      for (auto n = dice.below(4); n > 0; --n)
        xs.items.push_back(random_redis_value(dice, depth - 1));
      return {std::move(xs)};
    }
  }
}

redis_replies random_replies(random_source& dice) {
  redis_replies result;
  result.partial = dice.below(2) == 1;
  for (auto n = dice.below(5); n > 0; --n)
    if (dice.below(3) > 0)
      result.items.emplace_back(random_redis_value(dice, 4));
    else
      result.items.emplace_back(
        error{static_cast<errc>(1 + dice.below(static_cast<int>(last_errc))),
              random_text(dice), random_text(dice)});
  return result;
}

pool_snapshot full_snapshot() {
  counting next;
  pool_snapshot x;
  x.name = "main";
  x.backend = "postgres";
  x.status = pool_status::degraded;
  x.reasons = {"slow", "", "far"};
  x.required = false;
  for (auto* n : {&x.min_size, &x.max_size, &x.max_overflow, &x.max_waiters,
                  &x.consecutive_open_failures, &x.peak_leased})
    next(*n);
  auto& g = x.gauges;
  for (auto* n : {&g.opening, &g.idle, &g.leased, &g.resetting, &g.probing,
                  &g.closing, &g.quarantined, &g.waiting})
    next(*n);
  fill(x.counters, next);
  for (auto* d : {&x.longest_wait, &x.breaker_open_for, &x.uptime})
    next(*d);
  x.breaker = breaker_state::half_open;
  x.last_error = {errc::open_failed, "refused", "57P03"};
  x.wait_time = some_times(3);
  x.use_time = some_times(70);
  x.open_time = some_times(900);
  x.leases = {{{{5}, {6}, 7}, "app at orders.cpp:57", duration{8}, true},
              {{{1}, {2}, 3}, "", duration{-4}, false}};
  x.connections = {{{6}, "leased", duration{9}, duration{0}, 10},
                   {{2}, "idle", duration{11}, duration{12}, 0}};
  return x;
}

} // namespace caf_pool::test

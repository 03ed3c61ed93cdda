#include "caf_pool/backend/postgres/postgres.hpp"

#include "figure.hpp"
#include "overload.hpp"
#include "pg_outage.hpp"
#include "statistics.hpp"

#include <stdexcept>

// F27: callers by a timetable, each with a statement of 10 ms on PostgreSQL and
// a quarter of a second for all of it: first four of five that a pool with the
// default settings can serve, then three times as many as it can, then four of
// five again. How much of the capacity is good for something during the
// overload, and when is the pool as quick as before?
//
// Beside it the same pool that sheds nobody and lets everybody wait.

namespace caf_pool::bench {

namespace {

constexpr const char* statement = "SELECT pg_sleep(0.01)";
constexpr auto limit = std::chrono::milliseconds{250};

/// The p99 is looked at in pieces of so much time.
constexpr auto piece = std::chrono::milliseconds{500};

struct lengths {
  duration calm;
  duration overload;
};

/// What became of one pool.
struct ordeal {
  /// Calls that ended well during the overload, as a share of the capacity.
  double goodput = 0;
  /// Seconds from its end until the p99 was as before.
  double recovery = 0;
};

double ms(duration x) {
  return std::chrono::duration<double, std::milli>(x).count();
}

/// The p99 of calls that were due in a piece of time; a call that failed took
/// for ever.
double p99_of(const std::vector<timed_call>& calls, time_point from,
              time_point to) {
  std::vector<double> times;
  for (auto& x : calls)
    if (x.due >= from && x.due < to)
      times.push_back(x.well ? ms(x.took) : 1e9);
  return percentile(std::move(times), 0.99);
}

/// Seconds until the first piece of time with a p99 as before.
double recovered_after(const std::vector<timed_call>& calls, duration length,
                       double before) {
  auto begin = calls.front().due;
  // What is as before in a busy system, and not lucky.
  auto enough = 1.5 * before + 10;
  for (auto from = begin; from + piece <= begin + length; from += piece)
    if (p99_of(calls, from, from + piece) <= enough)
      return ms(from - begin) / 1000;
  return ms(length) / 1000;
}

ordeal suffer(const run_options& x, pool_config config, const lengths& times) {
  outage_system world;
  auto pool = spawn_pool(world.sys, config, postgres(x.postgres).backend);
  if (!pool)
    throw std::runtime_error{to_string(pool.error())};
  auto& handle = pool->address;
  auto what = repeated_call{statement, {}};
  what.how.limit = limit;
  closed_loop(world.sys, handle, statement, config.workers, times.calm / 4);
  auto peak
    = closed_loop(world.sys, handle, statement, 2 * config.workers, times.calm);
  auto at = [&](double load, duration length) {
    return open_loop(world.sys, handle, what, load * peak, length);
  };
  auto before = at(0.8, times.calm);
  auto during = at(3, times.overload);
  auto after = at(0.8, 2 * times.calm);
  auto well = std::count_if(during.begin(), during.end(),
                            [](auto& call) { return call.well; });
  auto usual = p99_of(before, before.front().due, never);
  auto seconds = ms(times.overload) / 1000;
  auto self = caf::scoped_actor{world.sys};
  ask(self.ptr(), pool->address, caf::infinite,
      control{control::verb::drain, duration::zero()})
    .receive([](const accepted&) {}, [](const caf::error&) {});
  return {static_cast<double>(well) / seconds / peak,
          recovered_after(after, 2 * times.calm, usual)};
}

std::vector<measurement> run(const run_options& x) {
  auto times = x.quick
                 ? lengths{std::chrono::milliseconds{1000},
                           std::chrono::milliseconds{1500}}
                 : lengths{std::chrono::seconds{4}, std::chrono::seconds{10}};
  auto defaults = postgres(x.postgres).config;
  auto patient = defaults;
  patient.shed_overload = false;
  patient.max_waiters = 100'000;
  std::vector<double> goodput, recovery, base_goodput, base_recovery;
  for (int i = 0; i < std::min(x.repeats, 3); ++i) {
    auto base = suffer(x, patient, times);
    auto mine = suffer(x, defaults, times);
    base_goodput.push_back(base.goodput);
    base_recovery.push_back(base.recovery);
    goodput.push_back(mine.goodput);
    recovery.push_back(mine.recovery);
  }
  auto row = [](const char* measure, double value, const char* unit,
                double baseline, const char* goal, bool reached) {
    return measurement{
      "F27",    {{"load", "3 x capacity"}, {"measure", measure}},
      value,    unit,
      baseline, "the pool without shedding, all may wait",
      goal,     reached};
  };
  auto share = median(goodput);
  auto back = median(recovery);
  return {row("calls that end well, as a share of the capacity", share, "ratio",
              median(base_goodput), "at least 0.7", share >= 0.7),
          row("p99 as before after the overload", back, "s",
              median(base_recovery), "at most 2 s", back <= 2)};
}

} // namespace

figure f27_overload() {
  return {"F27", "more callers than a pool can serve, PostgreSQL", run,
          without_postgres};
}

} // namespace caf_pool::bench

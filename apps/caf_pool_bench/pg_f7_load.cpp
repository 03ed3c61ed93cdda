#include "memory.hpp"
#include "pg_pool.hpp"
#include "rivals.hpp"
#include "statistics.hpp"

#include <sys/prctl.h>

#include <atomic>
#include <latch>
#include <mutex>

// F7: a thousand callers, each a thread, on a pool of a hundred connections to
// PostgreSQL. Arrivals keep to a timetable whatever the answers do, one every
// 1/rate seconds, and times are counted from the moment at which a call should
// have begun: a caller that is late because its last call took long does not
// hide that (coordinated omission, Gil Tene).
//
// A rate holds if 95 % of the calls take less than 100 ms and none fails. The
// highest one is sought by doubling, and then by halving the interval.
//
// Beside it the same callers on a hundred bare libpq connections behind an
// ideal queue.

namespace caf_pool::bench {

namespace {

constexpr std::size_t callers = 1000;
constexpr std::uint32_t size = 100;
constexpr double p95_limit = 100; // ms

/// What became of one timetable.
struct trial {
  double p95 = 0;
  std::uint64_t errors = 0;
  /// Most resident bytes above those at the start.
  double growth = 0;

  bool holds() const {
    return p95 < p95_limit && errors == 0;
  }
};

/// A hundred bare connections behind an ideal queue.
class raw_pool {
public:
  explicit raw_pool(const std::string& url) : permits_(size) {
    for (std::uint32_t i = 0; i < size; ++i) {
      idle_.push_back(std::make_unique<raw_postgres>(url));
      idle_.back()->prepare();
    }
  }

  bool select(std::int64_t id) {
    permits_.acquire();
    auto mine = take();
    auto right = mine->select_prepared(id) == 2 * id;
    put(std::move(mine));
    permits_.release();
    return right;
  }

private:
  std::unique_ptr<raw_postgres> take() {
    auto guard = std::lock_guard{mutex_};
    auto result = std::move(idle_.back());
    idle_.pop_back();
    return result;
  }

  void put(std::unique_ptr<raw_postgres> x) {
    auto guard = std::lock_guard{mutex_};
    idle_.push_back(std::move(x));
  }

  fair_semaphore permits_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<raw_postgres>> idle_;
};

/// The part of the timetable that falls to one caller: every thousandth call.
template <class Call>
std::vector<double> follow(std::size_t number, double rate, time_point begin,
                           duration length, std::atomic<std::uint64_t>& errors,
                           Call& call) {
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  std::vector<double> times;
  for (auto n = number;; n += callers) {
    auto after = std::chrono::duration<double>(static_cast<double>(n) / rate);
    if (after >= length)
      return times;
    auto due = begin + std::chrono::duration_cast<duration>(after);
    std::this_thread::sleep_until(due);
    if (!call(static_cast<std::int64_t>(n % accounts) + 1))
      ++errors;
    auto took = std::chrono::duration<double, std::milli>(clock::now() - due);
    times.push_back(took.count());
  }
}

template <class Call>
trial attempt(double rate, duration length, Call call) {
  auto before = resident_bytes();
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::size_t> running{callers};
  std::vector<std::vector<double>> times(callers);
  std::vector<std::thread> threads;
  std::latch ready{callers + 1};
  time_point begin;
  for (std::size_t i = 0; i < callers; ++i)
    threads.emplace_back([&, i] {
      ready.arrive_and_wait();
      times[i] = follow(i, rate, begin, length, errors, call);
      --running;
    });
  begin = clock::now() + std::chrono::milliseconds{100};
  ready.arrive_and_wait();
  trial result;
  while (running > 0) {
    result.growth = std::max(result.growth, resident_bytes() - before);
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  for (auto& thread : threads)
    thread.join();
  std::vector<double> all;
  for (auto& mine : times)
    all.insert(all.end(), mine.begin(), mine.end());
  result.p95 = percentile(std::move(all), 0.95);
  result.errors = errors;
  return result;
}

/// Returns the highest rate that holds.
template <class Call>
double highest_rate(duration length, int steps, Call call) {
  auto holds = [&](double rate) { return attempt(rate, length, call).holds(); };
  double low = 0;
  double high = 1000;
  while (holds(high) && high < 1e6) {
    low = high;
    high *= 2;
  }
  for (int i = 0; i < steps; ++i) {
    auto middle = (low + high) / 2;
    (holds(middle) ? low : high) = middle;
  }
  return low;
}

std::vector<measurement> steady(const run_options& x, duration length,
                                any_pool& db, raw_pool& raw) {
  auto pooled
    = [&db](std::int64_t id) { return select_pooled(db, id).has_value(); };
  auto bare = [&raw](std::int64_t id) { return raw.select(id); };
  std::vector<double> p95, growth, raw_p95, raw_growth;
  std::uint64_t errors = 0;
  for (int i = 0; i < x.repeats; ++i) {
    auto base = attempt(1000, length, bare);
    auto mine = attempt(1000, length, pooled);
    raw_p95.push_back(base.p95);
    raw_growth.push_back(base.growth / mega);
    p95.push_back(mine.p95);
    growth.push_back(mine.growth / mega);
    errors += mine.errors;
  }
  auto row = [](const char* measure, double value, const char* unit,
                double baseline, const char* goal, bool reached) {
    return measurement{"F7",
                       {{"callers", "1000"},
                        {"pool", "100"},
                        {"rate", "1000/s"},
                        {"measure", measure}},
                       value,
                       unit,
                       baseline,
                       "libpq behind an ideal queue",
                       goal,
                       reached};
  };
  auto failed = static_cast<double>(errors);
  return {row("p95", median(p95), "ms", median(raw_p95), "below 100 ms",
              median(p95) < p95_limit),
          row("memory growth", median(growth), "MB", median(raw_growth),
              "below 50 MB", median(growth) < 50),
          row("errors", failed, "calls", 0, "none", errors == 0)};
}

std::vector<measurement> run(const run_options& x) {
  fill(x.postgres);
  auto length = x.quick ? std::chrono::milliseconds{300}
                        : std::chrono::milliseconds{2000};
  auto db = make_postgres_pool(x, size);
  raw_pool raw{x.postgres};
  auto result = steady(x, length, db, raw);
  auto steps = x.quick ? 0 : 3;
  auto bare = highest_rate(length, steps,
                           [&raw](std::int64_t id) { return raw.select(id); });
  auto mine = highest_rate(length, steps, [&db](std::int64_t id) {
    return select_pooled(db, id).has_value();
  });
  result.push_back({"F7",
                    {{"callers", "1000"},
                     {"pool", "100"},
                     {"measure", "highest rate that holds"}},
                    mine,
                    "calls/s",
                    bare,
                    "libpq behind an ideal queue",
                    "at least 1000 calls/s",
                    mine >= 1000});
  return result;
}

} // namespace

figure f7_open_loop() {
  return {"F7", "1000 callers by a timetable, PostgreSQL", run,
          without_postgres};
}

} // namespace caf_pool::bench

#include "hammer.hpp"
#include "pg_pool.hpp"
#include "statistics.hpp"

// F4: prepared SELECTs over a unix socket, eight threads on a pool of eight,
// each call acquires, executes and releases. Beside it libpq with a connection
// per thread and the statement prepared by hand.
//
// F5: the same beside a connection per request: connect, SELECT, close.

namespace caf_pool::bench {

namespace {

constexpr std::size_t threads = 8;

struct speed {
  double per_second = 0;
  double p99 = 0;
};

/// Returns a number of an account that differs from call to call.
std::int64_t next_account(std::uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<std::int64_t>(state >> 33) % accounts + 1;
}

/// `make_call(i)` returns what thread `i` calls with the number of an account.
template <class MakeCall>
speed measure(duration length, MakeCall make_call) {
  std::vector<std::vector<double>> times(threads);
  auto done = hammer(threads, length, [&](std::size_t i) {
    times[i].reserve(1 << 16);
    return [call = make_call(i), &mine = times[i],
            state = std::uint64_t{i}]() mutable {
      auto id = next_account(state);
      auto begin = clock::now();
      call(id);
      mine.push_back(static_cast<double>((clock::now() - begin).count()) / 1e3);
    };
  });
  std::vector<double> all;
  for (auto& mine : times)
    all.insert(all.end(), mine.begin(), mine.end());
  return {1e9 / done.wall_per_cycle(), percentile(std::move(all), 0.99)};
}

speed measure_pool(any_pool& db, duration length) {
  return measure(length, [&db](std::size_t) {
    return [&db](std::int64_t id) {
      if (auto done = select_pooled(db, id); !done)
        throw std::runtime_error{to_string(done.error())};
    };
  });
}

/// A pool whose connections have all met the statement often enough to prepare
/// it and to have it proven, as those of a pool in use have.
pool<postgres_connection> make_warm_pool(const run_options& x) {
  auto db = make_postgres_pool(x, threads);
  measure_pool(db, std::chrono::milliseconds{300});
  return db;
}

speed measure_libpq(const std::string& url, duration length) {
  return measure(length, [&url](std::size_t) {
    auto db = std::make_shared<raw_postgres>(url);
    db->prepare();
    return [db](std::int64_t id) {
      if (db->select_prepared(id) != 2 * id)
        throw std::runtime_error{"a wrong balance"};
    };
  });
}

speed measure_connects(const std::string& url, duration length) {
  return measure(length, [&url](std::size_t) {
    return [&url](std::int64_t id) {
      if (raw_postgres{url}.select_once(id) != 2 * id)
        throw std::runtime_error{"a wrong balance"};
    };
  });
}

duration length_of(const run_options& x) {
  return x.quick ? std::chrono::milliseconds{100}
                 : std::chrono::milliseconds{1000};
}

std::vector<measurement> run_f4(const run_options& x) {
  fill(x.postgres);
  auto db = make_warm_pool(x);
  std::vector<double> rate, tail, raw_rate, raw_tail;
  for (int i = 0; i < x.repeats; ++i) {
    auto raw = measure_libpq(x.postgres, length_of(x));
    auto pooled = measure_pool(db, length_of(x));
    raw_rate.push_back(raw.per_second);
    raw_tail.push_back(raw.p99);
    rate.push_back(pooled.per_second);
    tail.push_back(pooled.p99);
  }
  const char* floor = "libpq, prepared, a connection per thread";
  return {{"F4",
           {{"threads", "8"}, {"pool", "8"}, {"measure", "throughput"}},
           median(rate),
           "calls/s",
           median(raw_rate),
           floor,
           "at least 0.95 of the baseline",
           median(rate) >= 0.95 * median(raw_rate)},
          {"F4",
           {{"threads", "8"}, {"pool", "8"}, {"measure", "p99"}},
           median(tail),
           "us",
           median(raw_tail),
           floor,
           "at most 1.1 of the baseline",
           median(tail) <= 1.1 * median(raw_tail)}};
}

std::vector<measurement> run_f5(const run_options& x) {
  fill(x.postgres);
  auto db = make_warm_pool(x);
  std::vector<double> rate, fresh;
  for (int i = 0; i < x.repeats; ++i) {
    fresh.push_back(measure_connects(x.postgres, length_of(x)).per_second);
    rate.push_back(measure_pool(db, length_of(x)).per_second);
  }
  return {{"F5",
           {{"threads", "8"}, {"pool", "8"}},
           median(rate),
           "calls/s",
           median(fresh),
           "a connection per request",
           "at least 50 of the baseline",
           median(rate) >= 50 * median(fresh)}};
}

} // namespace

figure f4_select() {
  return {"F4", "prepared SELECT, PostgreSQL", run_f4, without_postgres};
}

figure f5_connect() {
  return {"F5", "the same beside a connection per request", run_f5,
          without_postgres};
}

} // namespace caf_pool::bench

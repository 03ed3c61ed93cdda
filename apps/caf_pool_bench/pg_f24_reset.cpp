#include "hammer.hpp"
#include "pg_pool.hpp"
#include "statistics.hpp"

#include <array>

// F24: what it costs that a session is reset unless it is proven clean. A lease
// runs three statements with parameters, each on its own: an INSERT, an UPDATE
// and a DELETE, which are never proven clean, or three queries, which are.
// Four pools take turns: the default, one that always resets, and two for which
// a reset is skipped: by what they were told, not because it is safe.

namespace caf_pool::bench {

namespace {

constexpr std::uint32_t connections = 8;

using statements = std::array<sql_statement, 3>;

statements changes(std::int64_t id) {
  return {{{"INSERT INTO bench_entry (id, account, amount, note) "
            "VALUES ($1, $2, $3, $4)",
            {id, id, 2 * id, "one of three that write"}},
           {"UPDATE bench_account SET balance = balance + $1 - $1 "
            "WHERE id = $2",
            {2 * id, id}},
           {"DELETE FROM bench_entry WHERE id = $1", {id}}}};
}

statements queries(std::int64_t id) {
  return {{{select_text, {id}},
           {"SELECT count(*) FROM bench_account WHERE id < $1 AND id > $1 - 10",
            {id}},
           {"SELECT id FROM bench_account WHERE balance = 2 * id AND id = $1",
            {id}}}};
}

struct mix {
  const char* name;
  statements (*make)(std::int64_t id);
  /// How much of the throughput with resets of transactions only is promised
  /// to eight threads.
  double least;
};

constexpr std::array<mix, 2> mixes{
  {{"three that write", changes, 0.2}, {"three that read", queries, 0.9}}};

any_pool make_pool(const run_options& x, reset_policy policy) {
  auto spec = postgres(x.postgres).size(connections);
  spec.config.min_size = connections;
  spec.config.warm_up = warm_up_policy::to_min;
  spec.config.reset_on_release = policy;
  auto result = pool{std::move(spec)};
  if (auto ready = result.warm_up(std::chrono::seconds{30}); !ready)
    throw std::runtime_error{to_string(ready.error())};
  return result;
}

void run_lease(any_pool& db, const statements& what) {
  auto held = db.acquire(std::chrono::seconds{30});
  if (!held)
    throw std::runtime_error{to_string(held.error())};
  for (auto& x : what)
    if (auto ok = held->execute(x); !ok)
      throw std::runtime_error{to_string(ok.error())};
}

/// Leases per second, and how long they took in microseconds.
struct speed {
  double rate = 0;
  double p50 = 0;
  double p99 = 0;
};

speed measure(any_pool& db, const mix& what, std::size_t threads,
              duration length) {
  std::vector<std::vector<double>> times(threads);
  auto done = hammer(threads, length, [&](std::size_t i) {
    times[i].reserve(1 << 16);
    // Accounts of its own: no thread waits for another's row.
    return [&db, &what, &mine = times[i], i, n = std::int64_t{0}]() mutable {
      auto id = static_cast<std::int64_t>(i) * 100 + 1 + n++ % 100;
      auto todo = what.make(id);
      auto begin = clock::now();
      run_lease(db, todo);
      mine.push_back(static_cast<double>((clock::now() - begin).count()) / 1e3);
    };
  });
  std::vector<double> all;
  for (auto& mine : times)
    all.insert(all.end(), mine.begin(), mine.end());
  return {1e9 / done.wall_per_cycle(), percentile(all, 0.5),
          percentile(all, 0.99)};
}

/// A pool that takes its turns, and what it did in them.
struct contestant {
  /// What distinguishes it.
  const char* name;
  any_pool db;
  std::vector<double> rate = {}, p50 = {}, p99 = {};

  void run(const mix& what, std::size_t threads, duration length) {
    auto x = measure(db, what, threads, length);
    rate.push_back(x.rate);
    p50.push_back(x.p50);
    p99.push_back(x.p99);
  }

  speed take_medians() {
    auto result = speed{median(rate), median(p50), median(p99)};
    rate.clear();
    p50.clear();
    p99.clear();
    return result;
  }
};

struct contest {
  contestant automatic;
  contestant none;
  contestant transaction;
  contestant full;

  explicit contest(const run_options& x)
    : automatic{"a reset unless proven clean",
                make_pool(x, reset_policy::automatic)},
      none{"no reset", make_pool(x, reset_policy::none)},
      transaction{"a reset of transactions only",
                  make_pool(x, reset_policy::transaction)},
      full{"a full reset after each lease", make_pool(x, reset_policy::full)} {
    // nop
  }

  std::array<contestant*, 4> all() {
    return {&none, &transaction, &automatic, &full};
  }
};

void compare(contest& pools, const mix& what, std::size_t threads,
             const run_options& x, std::vector<measurement>& out) {
  auto length = std::chrono::milliseconds{x.quick ? 100 : 1000};
  // Statements that come again are prepared and, if they read, proven.
  for (auto* one : pools.all())
    measure(one->db, what, connections, length / 3);
  for (int i = 0; i < x.repeats; ++i)
    for (auto* one : pools.all())
      one->run(what, threads, length);
  auto row = [&](const char* kind, const char* unit, double value,
                 double baseline, const char* name, double least = 0) {
    auto goal = "at least " + to_text(least) + " of the baseline";
    out.push_back({"F24",
                   {{"threads", std::to_string(threads)},
                    {"pool", std::to_string(connections)},
                    {"statements", what.name},
                    {"measure", kind}},
                   value,
                   unit,
                   baseline,
                   name,
                   least > 0 ? goal : "none",
                   value >= least * baseline});
  };
  auto mine = pools.automatic.take_medians();
  auto most = pools.full.take_medians();
  row("throughput", "leases/s", mine.rate, pools.none.take_medians().rate,
      pools.none.name);
  row("throughput", "leases/s", mine.rate,
      pools.transaction.take_medians().rate, pools.transaction.name,
      threads > 1 ? what.least : 0);
  row("throughput", "leases/s", mine.rate, most.rate, pools.full.name);
  row("p50", "us", mine.p50, most.p50, pools.full.name);
  row("p99", "us", mine.p99, most.p99, pools.full.name);
}

void make_entries(const std::string& conninfo) {
  raw_postgres db{conninfo};
  db.run("SET client_min_messages = warning");
  db.run("DROP TABLE IF EXISTS bench_entry");
  db.run(
    "CREATE TABLE bench_entry (id bigint PRIMARY KEY, account bigint NOT NULL, "
    "amount bigint NOT NULL, note text NOT NULL)");
}

std::vector<measurement> run_f24(const run_options& x) {
  fill(x.postgres);
  make_entries(x.postgres);
  contest pools{x};
  std::vector<measurement> result;
  for (auto& what : mixes)
    for (std::size_t threads : {8, 1})
      compare(pools, what, threads, x, result);
  return result;
}

} // namespace

figure f24_reset() {
  return {"F24", "a reset of whatever is not proven clean", run_f24,
          without_postgres};
}

} // namespace caf_pool::bench

#include "hammer.hpp"
#include "pg_pool.hpp"
#include "statistics.hpp"

#include <array>

// F24: what it costs that a session is reset unless it is proven clean. A lease
// runs three statements; beside it the same with resets of transactions only,
// which skip everything else.

namespace caf_pool::bench {

namespace {

constexpr std::size_t threads = 8;

using texts = std::array<const char*, 3>;

constexpr texts changes
  = {"UPDATE bench_account SET balance = balance WHERE id = $1",
     "INSERT INTO bench_account VALUES ($1, 0) ON CONFLICT DO NOTHING",
     "UPDATE bench_account SET balance = 2 * id WHERE id = $1"};

constexpr texts queries
  = {"SELECT balance FROM bench_account WHERE id = $1",
     "SELECT count(*) FROM bench_account WHERE id < $1 AND id > $1 - 10",
     "SELECT id FROM bench_account WHERE balance = 2 * id AND id = $1"};

any_pool make_pool(const run_options& x, reset_policy policy) {
  auto spec = postgres(x.postgres).size(threads);
  spec.config.min_size = threads;
  spec.config.warm_up = warm_up_policy::to_min;
  spec.config.reset_on_release = policy;
  auto result = pool{std::move(spec)};
  if (auto ready = result.warm_up(std::chrono::seconds{30}); !ready)
    throw std::runtime_error{to_string(ready.error())};
  return result;
}

double leases_per_second(any_pool& db, const texts& statements,
                         duration length) {
  auto done = hammer(threads, length, [&](std::size_t i) {
    // Accounts of its own: no thread waits for another's row.
    return [&db, &statements, i, n = std::int64_t{0}]() mutable {
      auto id = static_cast<std::int64_t>(i) * 100 + 1 + n++ % 100;
      auto held = db.acquire(std::chrono::seconds{30});
      if (!held)
        throw std::runtime_error{to_string(held.error())};
      for (auto* text : statements)
        if (auto ok = held->execute({text, {id}}); !ok)
          throw std::runtime_error{to_string(ok.error())};
    };
  });
  return 1e9 / done.wall_per_cycle();
}

measurement compare(const run_options& x, const char* name,
                    const texts& statements, double least) {
  auto proven = make_pool(x, reset_policy::automatic);
  auto skipped = make_pool(x, reset_policy::transaction);
  auto length = std::chrono::milliseconds{x.quick ? 100 : 1000};
  std::vector<double> value, floor;
  for (int i = 0; i < x.repeats; ++i) {
    floor.push_back(leases_per_second(skipped, statements, length));
    value.push_back(leases_per_second(proven, statements, length));
  }
  auto goal
    = "at least " + std::to_string(least).substr(0, 4) + " of the baseline";
  return {
    "F24",         {{"threads", "8"}, {"pool", "8"}, {"statements", name}},
    median(value), "leases/s",
    median(floor), "without resets of the session",
    goal,          median(value) >= least * median(floor)};
}

std::vector<measurement> run_f24(const run_options& x) {
  fill(x.postgres);
  return {compare(x, "three that write", changes, 0.2),
          compare(x, "three that read", queries, 0.9)};
}

} // namespace

figure f24_reset() {
  return {"F24", "a reset of whatever is not proven clean", run_f24,
          without_postgres};
}

} // namespace caf_pool::bench

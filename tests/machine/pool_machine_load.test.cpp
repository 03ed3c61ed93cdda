#include "machine/pool_bench.hpp"

#include <algorithm>
#include <random>
#include <vector>

// What a pool costs others under load: the server that refuses, and the timer.

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

/// A server that lets nobody in, and callers who come all the time.
class siege {
public:
  explicit siege(const pool_config& config) : pool_(config) {
    // nop
  }

  /// A caller every `rhythm`, each waits for `patience`; every opening takes a
  /// millisecond and fails.
  void last(duration x, duration rhythm, duration patience) {
    auto end = pool_.now + x;
    for (auto next = pool_.now; next < end; next += rhythm) {
      while (pool_.uut.next_wakeup() <= next) {
        pool_.now = pool_.uut.next_wakeup();
        pool_.tick();
        refuse();
      }
      pool_.now = next;
      pool_.acquire(++callers_, patience);
      refuse();
    }
  }

  std::uint64_t callers() const {
    return callers_;
  }

  pool_bench& pool() {
    return pool_;
  }

private:
  void refuse() {
    while (pool_.gauges().opening > 0) {
      auto& records = pool_.uut.state().table.records();
      auto opening = std::find_if(records.begin(), records.end(), [](auto& x) {
        return x.second.state == connection_state::opening;
      });
      pool_.open_failed(opening->first.value);
    }
  }

  pool_bench pool_;
  std::uint64_t callers_ = 0;
};

pool_config besieged() {
  auto result = pool_bench::plain();
  result.max_size = 20;
  result.open_concurrency = 4;
  result.retry = {}; // full jitter from 10 ms to 30 s
  return result;
}

} // namespace

// -- a server that is down ----------------------------------------------------

TEST_CASE("a server that refuses all is tried as often as the breaker allows",
          "[trap-T40]") {
  siege it{besieged()};
  it.last(1h, 10ms, 5s);
  REQUIRE(it.callers() == 360'000);
  auto& now = it.pool().counters();
  // As many as open the breaker, those on their way then, and one for each
  // time it half-opened.
  CHECK(now.open_failures <= 5 + 3 + now.breaker_openings - 1);
  // 5, 10, 20, 40 seconds, and then a minute each.
  CHECK(now.breaker_openings <= 4 + 60);
  CHECK(now.open_failures >= 60); // and it goes on trying
}

TEST_CASE("without a breaker it is tried as often as the backoff allows",
          "[trap-T40]") {
  auto config = besieged();
  config.breaker.enabled = false;
  siege it{config};
  it.last(1h, 10ms, 5s);
  REQUIRE(it.callers() == 360'000);
  // The first steps, four at a time at most, and then 15 s on average.
  CHECK(it.pool().counters().open_failures <= 1.2 * 3600 / 15 + 4 * 8);
  CHECK(it.pool().counters().open_failures >= 200);
}

TEST_CASE("a server that is down all day is tried once a minute",
          "[trap-T40]") {
  siege it{besieged()};
  it.last(24h, 2min, 30s);
  REQUIRE(it.callers() == 720);
  // However few want it: the trials of the pool's own, until one goes well.
  CHECK(it.pool().counters().open_failures <= 24 * 60 + 5 + 8);
}

// -- the timer ----------------------------------------------------------------

TEST_CASE("thousands of waiters are one wake-up: the next deadline of all",
          "[trap-T64]") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  config.max_waiters = 5000;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1, 60s);
  // Deadlines of 1 to 5000 ms, each twice, in no order.
  std::vector<std::uint64_t> limits;
  for (std::uint64_t i = 0; i < 5000; ++i)
    limits.push_back(i / 2 + 1);
  std::mt19937 dice{7};
  std::shuffle(limits.begin(), limits.end(), dice);
  auto start = pool.now;
  auto earliest = limits.front();
  for (std::uint64_t i = 0; i < limits.size(); ++i) {
    pool.acquire(i + 2, std::chrono::milliseconds{limits[i]});
    earliest = std::min(earliest, limits[i]);
    REQUIRE(pool.uut.next_wakeup()
            == start + std::chrono::milliseconds{earliest});
  }
  // Whoever withdraws takes his deadline along.
  for (std::uint64_t i = 0; i < limits.size(); ++i)
    if (limits[i] <= 1000)
      pool.cancel(i + 2);
  CHECK(pool.uut.next_wakeup() == start + 1001ms);
  // Those with the same deadline are one wake-up, not two.
  std::uint64_t wakeups = 0;
  while (!pool.uut.state().queue.empty()) {
    pool.now = pool.uut.next_wakeup();
    CHECK(pool.tick().size() == 2);
    ++wakeups;
  }
  CHECK(wakeups == 1500);
  CHECK(pool.counters().acquire_timeouts == 3000);
  CHECK(pool.counters().cancelled == 2000);
  // Nothing of them is left: the next thing to do is the sweep.
  CHECK(pool.uut.next_wakeup() == start + config.sweep_interval);
}

TEST_CASE("as many openings, leases and waiters as there are: one wake-up",
          "[trap-T64]") {
  auto config = pool_bench::plain();
  config.max_size = 200;
  config.open_concurrency = 200;
  config.leak_threshold = 20s;
  pool_bench pool{config};
  pool.fill(100);
  for (std::uint64_t i = 1; i <= 150; ++i)
    pool.acquire(i, 30s);
  REQUIRE(pool.gauges().leased == 100);
  REQUIRE(pool.gauges().opening > 0);
  // Openings hang in 1 s, leaks are due in 20 s, openings in 31 s, waiters in
  // 30 s, each all together.
  CHECK(pool.uut.next_wakeup() - pool.now <= 20s);
  auto wakeups = 0;
  auto end = pool.now + 20s;
  while (pool.uut.next_wakeup() <= end) {
    pool.now = pool.uut.next_wakeup();
    pool.tick();
    ++wakeups;
  }
  CHECK(pool.counters().leaks_suspected == 100);
  CHECK(wakeups <= 3);
}

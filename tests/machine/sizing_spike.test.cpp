#include "caf_pool/machine/policy/sizing.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <algorithm>
#include <functional>
#include <map>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

// A pool that does nothing but lend, with workers that do nothing but borrow.
class toy_pool {
public:
  toy_pool(std::uint32_t min, std::uint32_t max, duration use, duration open)
    : use_(use), open_(open) {
    facts_.min = min;
    facts_.max = max;
    facts_.idle = min;
    facts_.open_concurrency = 2;
  }

  /// Lets the pool know from the start how long things take.
  void with_estimates() {
    facts_.typical_use = use_;
    facts_.typical_open = open_;
  }

  /// So many workers come at once; each wants a connection so many times.
  void burst(int workers, int times) {
    todo_ += workers * (times - 1);
    for (int i = 0; i < workers; ++i)
      in(0s, [this] { ask(); });
  }

  /// From now on each lease takes longer.
  void slow_down(duration use) {
    use_ = use;
  }

  void run_until(time_point end) {
    while (!events_.empty() && events_.begin()->first <= end) {
      auto event = events_.extract(events_.begin());
      now_ = event.key();
      event.mapped()();
      decide();
    }
    now_ = end;
  }

  std::uint32_t total() const {
    return facts_.total();
  }

  std::uint32_t waiting() const {
    return facts_.waiting;
  }

  int opened() const {
    return opened_;
  }

private:
  void in(duration x, std::function<void()> f) {
    events_.emplace(now_ + x, std::move(f));
  }

  void ask() {
    if (facts_.waiting++ == 0)
      busy_since_ = now_;
  }

  void release() {
    --facts_.leased;
    ++facts_.idle;
    facts_.typical_use = blended(facts_.typical_use, use_);
    if (todo_ > 0) {
      --todo_;
      ask();
    }
  }

  void opened_one() {
    --facts_.opening;
    ++facts_.idle;
    facts_.typical_open = blended(facts_.typical_open, open_);
  }

  void decide() {
    while (facts_.idle > 0 && facts_.waiting > 0) {
      --facts_.idle;
      --facts_.waiting;
      ++facts_.leased;
      in(use_, [this] { release(); });
    }
    facts_.queued_for = facts_.waiting > 0 ? now_ - busy_since_ : 0s;
    for (auto n = connections_to_open(facts_); n > 0; --n) {
      ++facts_.opening;
      ++opened_;
      in(open_, [this] { opened_one(); });
    }
    if (auto left = forecast_left(facts_); left != duration::max())
      in(left, [] {}); // decides again
  }

  duration use_;
  duration open_;
  sizing_input facts_;
  time_point now_ = at(0s);
  time_point busy_since_{};
  int todo_ = 0;
  int opened_ = 0;
  std::multimap<time_point, std::function<void()>> events_;
};

} // namespace

TEST_CASE("a spike of 50 short requests leaves a pool of 5 below 7",
          "[Z05][trap-T34]") {
  toy_pool pool{5, 10, 2ms, 150ms};
  SECTION("of which it knows how long they take") {
    pool.with_estimates();
    pool.burst(50, 1);
    pool.run_until(at(10s));
    CHECK(pool.opened() == 0);
  }
  SECTION("of which it knows nothing") {
    pool.burst(50, 1);
    pool.run_until(at(10s));
    CHECK(pool.opened() == 1);
  }
  CHECK(pool.waiting() == 0);
  CHECK(pool.total() < 7);
}

TEST_CASE("spikes that drain by themselves never grow a pool", "[Z05]") {
  toy_pool pool{5, 10, 2ms, 150ms};
  pool.with_estimates();
  for (int second = 1; second <= 100; ++second) {
    pool.burst(50, 1);
    pool.run_until(at(std::chrono::seconds{second}));
  }
  CHECK(pool.opened() == 0);
}

TEST_CASE("a queue that does not drain grows the pool to its maximum",
          "[Z05][Z07]") {
  toy_pool pool{5, 10, 2ms, 150ms};
  SECTION("known") {
    pool.with_estimates();
  }
  SECTION("unknown") {
    // nop
  }
  pool.burst(50, 1000); // each asks again at once
  pool.run_until(at(1s));
  CHECK(pool.total() == 10);
  CHECK(pool.waiting() > 30);
}

TEST_CASE("few long leases grow the pool at once", "[Z07]") {
  toy_pool pool{1, 10, 10s, 150ms};
  pool.with_estimates();
  pool.burst(8, 1);
  pool.run_until(at(600ms));
  CHECK(pool.total() == 8); // as many as there are workers, two at a time
  CHECK(pool.waiting() == 0);
}

TEST_CASE("leases that suddenly take long are found out after one opening",
          "[Z07]") {
  toy_pool pool{5, 10, 2ms, 150ms};
  pool.burst(50, 1);
  pool.run_until(at(1s)); // learns that a lease takes 2 ms
  auto before = pool.opened();
  pool.slow_down(1h);
  pool.burst(10, 1);
  pool.run_until(at(1s + 149ms));
  CHECK(pool.opened() == before);
  pool.run_until(at(1s + 150ms));
  CHECK(pool.opened() == before + 1);
  pool.run_until(at(2s));
  CHECK(pool.total() == 10);
  CHECK(pool.waiting() == 0);
}

TEST_CASE("no connection is opened after the demand is gone", "[Z06]") {
  toy_pool pool{0, 10, 2ms, 150ms};
  pool.burst(50, 3);
  pool.run_until(at(5s));
  REQUIRE(pool.waiting() == 0);
  auto opened = pool.opened();
  pool.run_until(at(1h));
  CHECK(pool.opened() == opened);
}

TEST_CASE("a cold pool opens as many at a time as it may, no more", "[Z05]") {
  toy_pool pool{0, 10, 2ms, 150ms};
  pool.burst(50, 1);
  pool.run_until(at(149ms));
  CHECK(pool.opened() == 2);
  pool.run_until(at(1s));
  CHECK(pool.waiting() == 0);
  CHECK(pool.total() <= 4);
}

#include "machine/pool_bench.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

// More callers than a pool can serve: who gets something, and who is told no.

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

/// Callers by a timetable, whatever becomes of those before, each with a
/// statement of 5 to 15 ms and a limit for all of it. One that is not done in
/// time is cancelled, which keeps its connection for 100 ms more.
class timetable {
public:
  static constexpr std::uint32_t size = 4;

  /// As many as can be served if each takes 10 ms.
  static constexpr double capacity = size * 100;

  timetable(const pool_config& config, duration limit)
    : pool_(config), limit_(limit) {
    pool_.fill(size);
  }

  /// Lets callers come at a rate; returns the share of them that got an answer
  /// in time, in percent of the capacity.
  double run(double load, duration length) {
    good_ = 0;
    times_.clear();
    auto end = pool_.now + length;
    auto gap = std::chrono::duration_cast<duration>(
      std::chrono::duration<double>(1 / (load * capacity)));
    for (auto next = pool_.now; next < end; next += gap) {
      work_until(next);
      arrive();
    }
    work_until(end);
    return good_ / std::chrono::duration<double>(length).count() / capacity
           * 100;
  }

  /// How long the slowest of a hundred took, of those who got something.
  duration p99() {
    std::sort(times_.begin(), times_.end());
    return times_.empty() ? duration::zero() : times_[times_.size() * 99 / 100];
  }

  int cut() const noexcept {
    return cut_;
  }

  pool_bench& pool() noexcept {
    return pool_;
  }

private:
  struct use {
    std::uint64_t connection;
    bool in_time;
    time_point came;
  };

  void arrive() {
    auto wish = acquire_input{};
    wish.caller = ticket{++callers_};
    wish.how.deadline = pool_.now + limit_;
    came_[callers_] = pool_.now;
    pool_.acquire(wish);
    follow();
  }

  /// Lets those begin who were granted something.
  void follow() {
    for (auto& order : pool_.last) {
      auto* granted = std::get_if<effect::grant>(&order);
      if (granted == nullptr)
        continue;
      auto came = came_[granted->caller.value];
      auto deadline = came + limit_;
      auto done = pool_.now + dice_.between(5ms, 15ms);
      auto in_time = done <= deadline;
      cut_ += !in_time;
      uses_.emplace(in_time ? done : deadline + 100ms,
                    use{granted->lease.connection.value, in_time, came});
    }
  }

  void work_until(time_point end) {
    for (;;) {
      auto tick = pool_.uut.next_wakeup();
      auto done = uses_.empty() ? never : uses_.begin()->first;
      if (std::min(tick, done) > end)
        break;
      pool_.now = std::min(tick, done);
      if (done <= tick) {
        auto what = uses_.extract(uses_.begin()).mapped();
        if (what.in_time) {
          ++good_;
          times_.push_back(pool_.now - what.came);
        }
        pool_.release(what.connection);
      } else {
        pool_.tick();
      }
      follow();
    }
    pool_.now = end;
  }

  pool_bench pool_;
  duration limit_;
  random_source dice_{42};
  std::multimap<time_point, use> uses_;
  std::map<std::uint64_t, time_point> came_;
  std::vector<duration> times_;
  std::uint64_t callers_ = 0;
  double good_ = 0;
  int cut_ = 0;
};

pool_config busy(std::uint32_t waiters = 0) {
  auto result = pool_bench::plain();
  result.max_size = timetable::size;
  result.max_waiters = waiters;
  result.shed_overload = true;
  return result;
}

acquire_input limited(std::uint64_t caller, time_point now, duration limit) {
  auto result = acquire_input{};
  result.caller = ticket{caller};
  result.how.deadline = now + limit;
  result.how.allowed = limit;
  return result;
}

/// A pool of one connection that knows: callers who allow about a second use
/// it for 100 ms, so that 150 ms should be left to them.
struct experienced {
  explicit experienced(const pool_config& config = busy(100))
    : pool(with_one(config)) {
    pool.fill(1);
    for (std::uint64_t i = 1; i <= 60; ++i) {
      pool.acquire(limited(i, pool.now, 1s));
      pool.wait(100ms);
      pool.release(1);
    }
    pool.acquire(limited(61, pool.now, 1s)); // holds it
    pool.acquire(62, 10s);                   // waits
  }

  static pool_config with_one(pool_config config) {
    config.max_size = 1;
    return config;
  }

  pool_bench pool;
};

} // namespace

// -- goodput ------------------------------------------------------------------

TEST_CASE(
  "three times as many callers as can be served: most of the capacity "
  "is good for something",
  "[trap-T14][Z15]") {
  // The limits of the callers, and how many may wait: the queue is long enough
  // to make them late, or not.
  auto limit = GENERATE(as<duration>{}, 50ms, 250ms, 1s, 5s);
  auto waiters = GENERATE(0u, 200u, 10000u);
  CAPTURE(limit.count(), waiters);
  timetable uut{busy(waiters), limit};
  uut.run(0.8, 10s);
  auto calm = uut.p99();
  CHECK(uut.run(3, 10s) >= 70);
  CHECK(uut.cut() < 100);
  // The callers of the next two seconds may find what is left of it.
  uut.run(0.8, 2s);
  CHECK(uut.run(0.8, 10s) >= 79);
  CHECK(uut.p99() <= 2 * calm);
}

TEST_CASE("without shedding an overload leaves next to nothing",
          "[trap-T14][Z15]") {
  auto config = busy(10000);
  config.shed_overload = false;
  timetable uut{config, 250ms};
  uut.run(0.8, 10s);
  CHECK(uut.run(3, 10s) < 50);
  CHECK(uut.cut() > 100);
}

TEST_CASE("a pool that serves all in time sheds nobody, however long they wait",
          "[trap-T14][Z15]") {
  auto config = busy(200);
  pool_bench pool{config};
  pool.fill(4);
  // Forty callers on four connections, back as soon as they are served: each
  // waits for nine uses of a second.
  for (std::uint64_t i = 1; i <= 40; ++i)
    pool.acquire(i, 30s);
  std::uint64_t served = 40;
  for (int second = 0; second < 120; ++second) {
    pool.pass(1s);
    for (std::uint64_t id = 1; id <= 4; ++id) {
      pool.release(id);
      pool.acquire(++served, 30s);
    }
  }
  CHECK(pool.counters().shed == 0);
  CHECK(pool.counters().acquire_timeouts == 0);
  CHECK(pool.counters().acquired >= 480);
}

TEST_CASE("a pool without a connection sheds nobody: its server is missing",
          "[trap-T14][Z15]") {
  auto config = busy();
  config.breaker.enabled = false;
  pool_bench pool{config};
  for (std::uint64_t i = 1; i <= 20; ++i) {
    pool.acquire(i, 1s);
    pool.pass(500ms);
    auto id = pool.uut.state().table.last_id();
    if (pool.has(id))
      pool.open_failed(id);
  }
  pool.pass(1s);
  CHECK(pool.counters().shed == 0);
  CHECK(pool.counters().acquire_timeouts == 20);
  CHECK_THAT(pool.why.message,
             ContainsSubstring("the server does not accept connections"));
}

// -- who has too little time left ---------------------------------------------

TEST_CASE("who has less time left than a use takes is told at once") {
  experienced uut;
  auto& pool = uut.pool;
  CHECK(pool.acquire(limited(63, pool.now, 999ms)) == lines{}); // one before it
  pool.cancel(63);
  auto late = limited(64, pool.now, 600ms);
  late.how.deadline = pool.now + 140ms; // has travelled for long
  CHECK(pool.acquire(late) == lines{"reject 64 overloaded"});
  CHECK_THAT(pool.why.message, ContainsSubstring("a use may take 150ms"));
  CHECK_THAT(pool.why.message, ContainsSubstring("1 of 1 leased"));
  CHECK(pool.counters().shed == 1);
}

TEST_CASE("a use that ended with its connection tells nothing of other uses") {
  experienced uut;
  auto& pool = uut.pool;
  auto typical
    = [&] { return pool.uut.state().limited_uses.typical(1s, pool.now); };
  auto before = typical();
  REQUIRE(before > 0s);
  pool.wait(900ms);
  pool.release(1, trace::broken);
  CHECK(typical() == before);
}

TEST_CASE("who would wait for too long is told at once") {
  experienced uut;
  auto& pool = uut.pool;
  for (std::uint64_t i = 63; i < 71; ++i)
    CHECK(pool.acquire(limited(i, pool.now, 1s)) == lines{});
  // Nine wait, each takes 100 ms, and this one may take 150 ms.
  CHECK(pool.acquire(limited(71, pool.now, 990ms))
        == lines{"reject 71 overloaded"});
  // Who only limits the wait, or goes before others, is not judged.
  CHECK(pool.acquire(72, 10ms) == lines{});
  auto urgent = limited(73, pool.now, 600ms);
  urgent.how.priority = 7;
  CHECK(pool.acquire(urgent) == lines{});
}

TEST_CASE("the next one is served in the place of who would be late") {
  experienced uut;
  auto& pool = uut.pool;
  pool.cancel(62);
  pool.acquire(limited(63, pool.now, 600ms));
  pool.acquire(limited(64, pool.now, 600ms));
  pool.acquire(limited(65, pool.now + 550ms, 600ms));
  pool.wait(550ms);
  CHECK(pool.release(1)
        == lines{"reject 63 overloaded", "reject 64 overloaded",
                 "grant 65 1.1.63"});
}

TEST_CASE("the last one is served, however late: nobody else would be") {
  experienced uut;
  auto& pool = uut.pool;
  pool.cancel(62);
  pool.acquire(limited(63, pool.now, 600ms));
  pool.wait(550ms);
  CHECK(pool.release(1) == lines{"grant 63 1.1.63"});
}

TEST_CASE("who says how long it takes is judged by that") {
  experienced uut;
  auto& pool = uut.pool;
  auto quick = limited(63, pool.now, 600ms);
  quick.how.expected = 10ms;
  auto slow = limited(64, pool.now, 600ms);
  slow.how.expected = 700ms;
  pool.acquire(quick);
  CHECK(pool.acquire(slow) == lines{"reject 64 overloaded"});
  pool.cancel(62);
  pool.acquire(65, 10s);
  pool.wait(550ms);
  CHECK(pool.release(1) == lines{"grant 63 1.1.63"});
}

TEST_CASE("a pool without history judges nobody") {
  pool_bench pool{experienced::with_one(busy(100))};
  pool.fill(1);
  pool.acquire(limited(1, pool.now, 1s));
  pool.acquire(limited(2, pool.now, 1s));
  pool.acquire(limited(3, pool.now, 1ms));
  CHECK(pool.release(1) == lines{"grant 2 1.1.3"});
  CHECK(pool.counters().shed == 0);
}

TEST_CASE("callers of another kind teach nothing about this one") {
  experienced uut;
  auto& pool = uut.pool;
  CHECK(pool.acquire(limited(63, pool.now, 20ms)) == lines{});
  pool.cancel(62);
  CHECK(pool.release(1) == lines{"grant 63 1.1.63"});
}

TEST_CASE("without shedding nobody is judged") {
  auto config = busy(100);
  config.shed_overload = false;
  experienced uut{config};
  auto& pool = uut.pool;
  auto late = limited(64, pool.now, 600ms);
  late.how.deadline = pool.now + 140ms;
  CHECK(pool.acquire(late) == lines{});
}

TEST_CASE("a successor knows what its predecessor has learnt") {
  experienced uut;
  auto& pool = uut.pool;
  pool.restart();
  pool.acquire(65, 10s);
  auto late = limited(64, pool.now, 600ms);
  late.how.deadline = pool.now + 140ms;
  CHECK(pool.acquire(late) == lines{"reject 64 overloaded"});
}

TEST_CASE("a deadline that passed long ago is over, and nothing else") {
  experienced uut;
  auto& pool = uut.pool;
  for (auto end : {time_point::min(), time_point{}, pool.now}) {
    auto late = limited(64, pool.now, 600ms);
    late.how.deadline = end;
    CHECK(pool.acquire(late) == lines{"reject 64 acquire_timeout"});
    late.how.allowed = 0s;
    CHECK(pool.acquire(late) == lines{"reject 64 acquire_timeout"});
  }
}

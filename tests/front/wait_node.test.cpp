#include "caf_pool/front/wait_node.hpp"

#include "caf_pool/front/pause.hpp"
#include "caf_pool/front/slot_table.hpp"

#include "front/rounds.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// Grants `count` connections of a table that gets them back.
struct fixture {
  fixture() {
    table->bind({1}, this);
  }

  loan next() {
    return table->grant(0, holder::here());
  }

  /// Tells whether the connection came back.
  bool came_back() {
    return table->collect(0).has_value();
  }

  std::shared_ptr<slot_table> table = slot_table::make();
};

time_point soon(duration d = 60s) {
  return clock::now() + d;
}

} // namespace

// -- blocking -----------------------------------------------------------------

TEST_CASE("a waiter gets what is granted before it looks", "[wait_node]") {
  fixture f;
  auto [mine, theirs] = make_waiter();
  auto x = f.next();
  CHECK(theirs.waiting());
  CHECK(theirs.grant(x));
  CHECK(!theirs.waiting());
  auto got = mine.wait_until(soon());
  REQUIRE(got);
  REQUIRE(*got);
  CHECK(**got == x);
  CHECK(mine.wait_until(soon()) == std::nullopt);
  CHECK(!f.came_back());
}

TEST_CASE("a waiter sleeps until it is served", "[wait_node]") {
  auto spins = GENERATE(0u, 100u);
  fixture f;
  auto [mine, theirs] = make_waiter();
  auto x = f.next();
  auto accepted = false;
  std::jthread pool{[&, theirs = std::move(theirs)]() mutable {
    std::this_thread::yield();
    accepted = theirs.grant(x);
  }};
  auto got = mine.wait_until(spins == 0 ? never : soon(), spins);
  pool.join();
  CHECK(accepted);
  REQUIRE(got);
  CHECK(**got == x);
}

TEST_CASE("a waiter gets the error that it is told", "[wait_node]") {
  auto [mine, theirs] = make_waiter();
  CHECK(theirs.fail({errc::breaker_open, "the breaker is open", {}}));
  CHECK(!theirs.fail({errc::closed, "closed", {}}));
  auto got = mine.wait_until(soon());
  REQUIRE(got);
  CHECK(got->error().code == errc::breaker_open);
}

TEST_CASE(
  "a waiter gives up at its deadline, and a later grant stays with the "
  "granter",
  "[wait_node][trap-T1][C05]") {
  fixture f;
  auto [mine, theirs] = make_waiter();
  auto deadline = clock::now() + 5ms;
  CHECK(mine.wait_until(deadline) == std::nullopt);
  CHECK(clock::now() >= deadline);
  CHECK(!theirs.waiting());
  auto x = f.next();
  CHECK(!theirs.grant(x));
  CHECK(f.table->holds(x));
  CHECK(mine.wait_until(soon()) == std::nullopt);
}

TEST_CASE("a deadline in the past still takes what is there", "[wait_node]") {
  fixture f;
  auto [mine, theirs] = make_waiter();
  CHECK(theirs.grant(f.next()));
  CHECK(mine.wait_until(time_point{}));
  auto [late, nobody] = make_waiter();
  CHECK(late.wait_until(time_point{}) == std::nullopt);
  CHECK(!nobody.fail({errc::closed, "closed", {}}));
}

TEST_CASE("a granter that vanishes fails its waiter", "[wait_node]") {
  auto pair = make_waiter();
  auto& mine = pair.first;
  SECTION("by its end") {
    std::jthread{[theirs = std::move(pair.second)] {}}.join();
  }
  SECTION("by another one in its place") {
    pair.second = make_waiter().second;
  }
  auto got = mine.wait_until(soon());
  REQUIRE(got);
  CHECK(got->error().code == errc::restarted);
}

TEST_CASE("a grant that nobody fetches goes back", "[wait_node][trap-T1]") {
  fixture f;
  auto x = f.next();
  {
    auto pair = make_waiter();
    REQUIRE(pair.second.grant(x));
    SECTION("as the waiter ends") {
      // nop
    }
    SECTION("as the waiter waits for something else") {
      pair.first = make_waiter().first;
    }
  }
  CHECK(f.came_back());
}

TEST_CASE("a waiter that ends unserved refuses later grants", "[wait_node]") {
  fixture f;
  auto x = f.next();
  std::optional<granter> theirs;
  {
    auto pair = make_waiter();
    theirs = std::move(pair.second);
  }
  CHECK(!theirs->waiting());
  CHECK(!theirs->grant(x));
  CHECK(f.table->holds(x));
}

// -- callback -----------------------------------------------------------------

TEST_CASE("a callback gets the verdict on the granter's thread, once",
          "[wait_node]") {
  fixture f;
  std::vector<result<loan>> got;
  auto [mine, theirs]
    = make_waiter([&](result<loan> x) { got.push_back(std::move(x)); });
  auto x = f.next();
  SECTION("a grant") {
    CHECK(theirs.grant(x));
    REQUIRE(got.size() == 1);
    CHECK(*got[0] == x);
  }
  SECTION("an error") {
    CHECK(theirs.fail({errc::queue_full, "the queue is full", {}}));
    REQUIRE(got.size() == 1);
    CHECK(got[0].error().code == errc::queue_full);
  }
  SECTION("the end of the granter") {
    theirs = granter{};
    REQUIRE(got.size() == 1);
    CHECK(got[0].error().code == errc::restarted);
  }
  CHECK(!theirs.grant(x));
  CHECK(!mine.cancel());
  CHECK(got.size() == 1);
}

TEST_CASE("a callback that was cancelled is destroyed and never called",
          "[wait_node][C05]") {
  fixture f;
  auto calls = 0;
  auto capture = std::make_shared<int>(0);
  std::weak_ptr<int> alive = capture;
  auto [mine, theirs] = make_waiter(
    [&calls, capture = std::move(capture)](result<loan>) { ++calls; });
  CHECK(!alive.expired());
  CHECK(mine.cancel());
  CHECK(alive.expired());
  CHECK(mine.cancel());
  CHECK(!theirs.grant(f.next()));
  CHECK(calls == 0);
}

TEST_CASE("a callback may destroy the granter that calls it", "[wait_node]") {
  fixture f;
  auto calls = 0;
  std::optional<granter> theirs;
  theirs = make_waiter([&](result<loan>) {
             ++calls;
             theirs.reset();
           }).second;
  CHECK(theirs->grant(f.next()));
  CHECK(calls == 1);
}

TEST_CASE("empty ends do nothing", "[wait_node]") {
  fixture f;
  granter none;
  CHECK(!none.waiting());
  CHECK(!none.grant(f.next()));
  CHECK(!canceller{}.cancel());
}

// -- races --------------------------------------------------------------------

TEST_CASE("of a grant and a deadline that race, exactly one wins",
          "[wait_node][trap-T1]") {
  fixture f;
  auto granted = 0;
  auto gave_up = 0;
  // Finds by itself the time at which both are equally fast.
  auto delay = duration{0};
  for (rounds left{1000}; left.next(granted > 0 && gave_up > 0);) {
    auto [mine, theirs] = make_waiter();
    auto x = f.next();
    REQUIRE(x);
    auto accepted = false;
    std::latch ready{2};
    std::jthread pool{[&, theirs = std::move(theirs)]() mutable {
      ready.arrive_and_wait();
      for (auto until = clock::now() + delay; clock::now() < until;)
        pause_briefly();
      accepted = theirs.grant(x);
    }};
    ready.arrive_and_wait();
    auto got = mine.wait_until(clock::now() + 5us, 4);
    pool.join();
    REQUIRE(got.has_value() == accepted);
    ++(accepted ? granted : gave_up);
    delay = accepted ? delay * 3 / 2 + 100ns : delay * 2 / 3;
    REQUIRE(f.table->give_back(x, condition::clean) == handed_back::to_actor);
    REQUIRE(f.came_back());
  }
  CHECK(granted > 0);
  CHECK(gave_up > 0);
}

TEST_CASE("of a grant and a cancel that race, exactly one wins",
          "[wait_node][trap-T1]") {
  std::pair<canceller, granter> ends;
  std::atomic<int> calls{0};
  std::atomic<bool> accepted{false};
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  std::atomic<int> ended{0};
  auto pause = [](int n) {
    for (; n > 0; --n)
      pause_briefly();
  };
  auto until = [](std::atomic<int>& x, int value) {
    for (std::uint32_t n = 0; x.load() != value; ++n)
      pause_after(n);
  };
  std::jthread pool{[&] {
    for (auto round = 1;; ++round) {
      until(started, round);
      if (stop)
        return;
      pause(round % 16);
      accepted = ends.second.grant({});
      ended = round;
    }
  }};
  auto both = 0;
  auto miscalled = 0;
  rounds left{100'000};
  while (left.next()) {
    calls = 0;
    ends = make_waiter([&](result<loan>) { ++calls; });
    started = left.number();
    pause(left.number() / 16 % 16);
    auto cancelled = ends.first.cancel();
    until(ended, left.number());
    both += cancelled == accepted ? 1 : 0;
    miscalled += calls != (accepted ? 1 : 0) ? 1 : 0;
  }
  stop = true;
  started = left.number() + 1;
  pool.join();
  CHECK(both == 0);
  CHECK(miscalled == 0);
}

TEST_CASE("a waiter that is destroyed while it is served loses nothing",
          "[wait_node][trap-T1]") {
  fixture f;
  for (rounds left{1000}; left.next();) {
    auto x = f.next();
    REQUIRE(x);
    {
      auto pair = make_waiter();
      std::jthread pool{[&x, theirs = std::move(pair.second)]() mutable {
        if (!theirs.grant(x))
          x.table->give_back(x, condition::clean);
      }};
      if (left.number() % 2 == 0)
        std::this_thread::yield();
      pair.first = make_waiter().first;
    }
    REQUIRE(f.came_back());
  }
}

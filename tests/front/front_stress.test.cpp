#include "caf_pool/core/random.hpp"
#include "caf_pool/front/pause.hpp"

#include "front/mini_pool.hpp"
#include "front/rounds.hpp"
#include "support/catch_compat.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// What the callers of a stress test do, and what became of it.
struct stress {
  int threads = 4;
  int calls = 5000;
  /// How long a caller waits at most.
  duration patience = 60s;
  /// One release in so many goes to the actor as dirty.
  std::uint64_t dirty = 16;
  /// The callers go on until this is true.
  std::atomic<bool> enough{true};

  std::atomic<std::uint64_t> called{0};
  std::atomic<std::uint64_t> served{0};
  std::atomic<std::uint64_t> timeouts{0};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> shared{0};

  void hold(const loan& x, random_source& dice) {
    auto& object = *static_cast<mini_pool::object*>(x.object);
    if (object.holders.fetch_add(1, std::memory_order_relaxed) != 0)
      shared.fetch_add(1);
    ++object.uses; // a race for the sanitizer if somebody else holds it, too
    if (dice.below(64) == 0)
      std::this_thread::yield();
    object.holders.fetch_sub(1, std::memory_order_relaxed);
    x.table->give_back(x, dice.below(dirty) == 0 ? condition::dirty
                                                 : condition::clean);
  }

  void call(mini_pool& pool, std::uint64_t seed) {
    random_source dice{seed};
    for (rounds left{calls}; left.next(enough); ++called) {
      auto x = pool.acquire(clock::now() + patience);
      if (!x)
        ++timeouts;
      else if (!*x)
        ++errors;
      else {
        ++served;
        hold(**x, dice);
      }
    }
  }

  /// Runs all callers, and `meanwhile` until they are done.
  void run(mini_pool& pool, std::function<void(random_source&)> meanwhile) {
    std::atomic<int> running{threads};
    std::vector<std::jthread> callers;
    for (auto i = 0; i < threads; ++i)
      callers.emplace_back([&, i] {
        call(pool, static_cast<std::uint64_t>(i));
        --running;
      });
    random_source dice{42};
    while (meanwhile && running > 0) {
      meanwhile(dice);
      std::this_thread::yield();
    }
  }
};

void check_sound(mini_pool& pool, stress& x) {
  CHECK(pool.at_rest());
  CHECK(x.shared == 0);
  CHECK(pool.total_uses() == x.served);
  CHECK(x.served + x.timeouts + x.errors == x.called);
  CHECK(x.served > 0);
}

} // namespace

TEST_CASE(
  "threads that hammer the front never share a connection and never "
  "wait in vain",
  "[stress][trap-T9][C06]") {
  auto slots = GENERATE(1u, 2u, 3u);
  auto tries = GENERATE(1u, 32u);
  mini_pool pool{slots, tries};
  stress x;
  x.run(pool, nullptr);
  check_sound(pool, x);
  CHECK(x.timeouts == 0);
  CHECK(x.errors == 0);
}

TEST_CASE(
  "of an actor that shuts and a holder that gives back, one sees the "
  "other",
  "[stress][trap-T9]") {
  auto table = slot_table::make();
  REQUIRE(table->offer(*table->bind({1}, nullptr)));
  loan held;
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
  std::jthread releases{[&] {
    for (auto round = 1;; ++round) {
      until(started, round);
      if (!held)
        return;
      pause(round % 16);
      table->give_back(held, condition::clean);
      ended = round;
    }
  }};
  auto forgotten = 0;
  rounds left{100'000};
  while (left.next()) {
    held = table->try_take(holder::here());
    if (!held)
      break;
    started = left.number();
    pause(left.number() / 16 % 16);
    table->set_shut(true);
    auto mine = table->withdraw_any().has_value();
    until(ended, left.number());
    if (!mine && !table->collect(0)) {
      ++forgotten; // a waiter would wait beside a free connection
      table->withdraw(0);
    }
    table->set_shut(false);
    table->offer(0);
  }
  auto lost = table->view(0).state != slot_state::offered;
  held = {};
  started = ended + 1;
  releases.join();
  CHECK(forgotten == 0);
  CHECK(!lost);
}

TEST_CASE("callers that give up lose no connection", "[stress][trap-T1][C05]") {
  mini_pool pool{1, 1};
  stress x;
  x.calls = 2000;
  x.patience = 10us;
  x.run(pool, nullptr);
  check_sound(pool, x);
  CHECK(x.errors == 0);
}

TEST_CASE("recalls and revocations under load lose no connection",
          "[stress][trap-T73]") {
  mini_pool pool{2, 2};
  stress x;
  x.run(pool, [&](random_source& dice) {
    auto slot = static_cast<slot_index>(dice.below(2));
    if (dice.below(2) == 0)
      pool.order([slot](mini_pool& p) { p.recall(slot); });
    else
      pool.order([slot](mini_pool& p) { p.revoke(slot); });
  });
  check_sound(pool, x);
  CHECK(x.timeouts == 0);
  CHECK(x.errors == 0);
}

TEST_CASE("an actor that dies under load loses no connection", "[stress]") {
  mini_pool pool{2, 2};
  stress x;
  x.run(pool, [&](random_source& dice) {
    if (dice.below(4) == 0)
      pool.order([](mini_pool& p) { p.restart(); });
  });
  check_sound(pool, x);
  CHECK(x.timeouts == 0);
}

TEST_CASE("a table that grows under load serves all the better", "[stress]") {
  mini_pool pool{1, 2};
  stress x;
  auto size = 1;
  x.run(pool, [&](random_source&) {
    if (size < 100) {
      ++size;
      pool.order([](mini_pool& p) { p.grow(); });
    }
  });
  // The last orders may not have been carried out.
  CHECK(eventually(
    [&] { return pool.table().in_use() == static_cast<slot_index>(size); }));
  check_sound(pool, x);
}

TEST_CASE("whoever looks at slots under load sees holders as they are",
          "[stress][K01]") {
  mini_pool pool{2};
  stress x;
  std::uint64_t torn = 0;
  std::uint64_t named = 0;
  x.enough = false;
  x.run(pool, [&](random_source&) {
    pool.table().for_each([&](const slot_view& seen) {
      if (seen.who == holder{})
        return;
      ++named;
      auto whole = seen.who.thread != 0 && seen.who.line != 0
                   && seen.who.file != nullptr;
      torn += whole ? 0 : 1;
    });
    x.enough = named > 0;
  });
  CHECK(torn == 0);
  CHECK(named > 0);
  check_sound(pool, x);
}

TEST_CASE("a caller whose actor dies learns it, a holder outlives the pool",
          "[stress][trap-T74][S02]") {
  for (rounds left{100}; left.next();) {
    auto pool = std::make_unique<mini_pool>(1u, 1u);
    auto first = pool->acquire(clock::now() + 60s);
    REQUIRE(first);
    std::optional<result<loan>> second;
    std::atomic<bool> done{false};
    std::jthread waiter{[&] {
      second = pool->acquire(clock::now() + 60s);
      done = true;
    }};
    while (!done) {
      pool->order([](mini_pool& p) { p.restart(); });
      std::this_thread::yield();
    }
    REQUIRE(second);
    REQUIRE(!second->has_value());
    CHECK(second->error().code == errc::restarted);
    pool.reset();
    auto& x = **first;
    ++static_cast<mini_pool::object*>(x.object)->uses;
    CHECK(x.table->give_back(x, condition::clean) == handed_back::orphaned);
  }
}

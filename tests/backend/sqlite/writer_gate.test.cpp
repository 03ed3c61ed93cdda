#include "caf_pool/backend/sqlite/writer_gate.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <array>
#include <atomic>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

time_point soon() {
  return clock::now() + 60s;
}

bool go_on() {
  return false;
}

} // namespace

TEST_CASE("one writer is inside at a time", "[writer_gate]") {
  writer_gate gate;
  int a = 0;
  int b = 0;
  CHECK(gate.enter(&a, soon(), go_on));
  CHECK_FALSE(gate.try_enter(&b));
  CHECK_FALSE(gate.enter(&b, clock::now() + 5ms, go_on));
  CHECK(gate.occupied_for() >= 5ms);
  CHECK(gate.waiting() == 0);
  gate.leave(&b);
  CHECK_FALSE(gate.try_enter(&b));
  gate.leave(&a);
  CHECK(gate.occupied_for() == 0ns);
  CHECK(gate.try_enter(&b));
}

TEST_CASE("writers enter in the order of their coming", "[writer_gate]") {
  writer_gate gate;
  int first = 0;
  REQUIRE(gate.enter(&first, soon(), go_on));
  std::array<int, 8> owners{};
  std::vector<std::size_t> order;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    threads.emplace_back([&, i] {
      if (gate.enter(&owners[i], soon(), go_on)) {
        order.push_back(i);
        gate.leave(&owners[i]);
      }
    });
    REQUIRE(eventually([&] { return gate.waiting() == i + 1; }));
  }
  // Nobody slips in between.
  int late = 0;
  gate.leave(&first);
  bool barged = gate.try_enter(&late);
  if (barged)
    gate.leave(&late);
  for (auto& x : threads)
    x.join();
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("a waiting writer can be told to give up", "[writer_gate]") {
  writer_gate gate;
  int a = 0;
  int b = 0;
  REQUIRE(gate.enter(&a, soon(), go_on));
  std::atomic<bool> stop = false;
  std::atomic<bool> entered = true;
  std::thread waiter{
    [&] { entered = gate.enter(&b, never, [&] { return stop.load(); }); }};
  REQUIRE(eventually([&] { return gate.waiting() == 1; }));
  // Without a reason it goes on waiting.
  gate.wake(&b);
  CHECK(gate.waiting() == 1);
  stop = true;
  gate.wake(&b);
  waiter.join();
  CHECK_FALSE(entered);
  gate.leave(&a);
  CHECK(gate.try_enter(&b));
}

TEST_CASE("a reason to give up that came early is seen", "[writer_gate]") {
  writer_gate gate;
  int a = 0;
  int b = 0;
  REQUIRE(gate.enter(&a, soon(), go_on));
  gate.wake(&b);
  CHECK_FALSE(gate.enter(&b, never, [] { return true; }));
}

TEST_CASE("a gate under load loses nobody and lets in one at a time",
          "[writer_gate]") {
  writer_gate gate;
  constexpr std::size_t writers = 4;
  constexpr int rounds = 2000;
  std::array<int, writers> done{};
  std::atomic<int> inside = 0;
  std::atomic<int> worst = 0;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < writers; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < rounds; ++n) {
        // Some give up soon, such that leaving the queue is tried, too.
        auto deadline = n % 7 == 0 ? clock::now() + 10us : soon();
        if (!gate.enter(&done[i], deadline, go_on))
          continue;
        worst = std::max(worst.load(), ++inside);
        ++done[i];
        --inside;
        gate.leave(&done[i]);
      }
    });
  }
  for (auto& x : threads)
    x.join();
  CHECK(worst == 1);
  for (auto n : done)
    CHECK(n >= rounds - rounds / 7 - 1);
  CHECK(gate.waiting() == 0);
  CHECK(gate.occupied_for() == 0ns);
}

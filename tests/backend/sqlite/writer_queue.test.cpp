#include "caf_pool/backend/sqlite/writer_queue.hpp"

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

TEST_CASE("one writer is inside at a time", "[writer_queue]") {
  writer_queue queue;
  int a = 0;
  int b = 0;
  CHECK(queue.enter(&a, soon(), go_on));
  CHECK_FALSE(queue.try_enter(&b));
  CHECK_FALSE(queue.enter(&b, clock::now() + 5ms, go_on));
  CHECK(queue.occupied_for() >= 5ms);
  CHECK(queue.waiting() == 0);
  queue.leave(&b);
  CHECK_FALSE(queue.try_enter(&b));
  queue.leave(&a);
  CHECK(queue.occupied_for() == 0ns);
  CHECK(queue.try_enter(&b));
}

TEST_CASE("writers enter in the order of their coming", "[writer_queue]") {
  writer_queue queue;
  int first = 0;
  REQUIRE(queue.enter(&first, soon(), go_on));
  std::array<int, 8> owners{};
  std::vector<std::size_t> order;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    threads.emplace_back([&, i] {
      if (queue.enter(&owners[i], soon(), go_on)) {
        order.push_back(i);
        queue.leave(&owners[i]);
      }
    });
    REQUIRE(eventually([&] { return queue.waiting() == i + 1; }));
  }
  // Nobody slips in between.
  int late = 0;
  queue.leave(&first);
  bool barged = queue.try_enter(&late);
  if (barged)
    queue.leave(&late);
  for (auto& x : threads)
    x.join();
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("a waiting writer can be told to give up", "[writer_queue]") {
  writer_queue queue;
  int a = 0;
  int b = 0;
  REQUIRE(queue.enter(&a, soon(), go_on));
  std::atomic<bool> stop = false;
  std::atomic<bool> entered = true;
  std::thread waiter{
    [&] { entered = queue.enter(&b, never, [&] { return stop.load(); }); }};
  REQUIRE(eventually([&] { return queue.waiting() == 1; }));
  // Without a reason it goes on waiting.
  queue.wake(&b);
  CHECK(queue.waiting() == 1);
  stop = true;
  queue.wake(&b);
  waiter.join();
  CHECK_FALSE(entered);
  queue.leave(&a);
  CHECK(queue.try_enter(&b));
}

TEST_CASE("a reason to give up that came early is seen", "[writer_queue]") {
  writer_queue queue;
  int a = 0;
  int b = 0;
  REQUIRE(queue.enter(&a, soon(), go_on));
  queue.wake(&b);
  CHECK_FALSE(queue.enter(&b, never, [] { return true; }));
}

TEST_CASE("a queue under load loses nobody and lets in one at a time",
          "[writer_queue]") {
  writer_queue queue;
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
        if (!queue.enter(&done[i], deadline, go_on))
          continue;
        worst = std::max(worst.load(), ++inside);
        ++done[i];
        --inside;
        queue.leave(&done[i]);
      }
    });
  }
  for (auto& x : threads)
    x.join();
  CHECK(worst == 1);
  for (auto n : done)
    CHECK(n >= rounds - rounds / 7 - 1);
  CHECK(queue.waiting() == 0);
  CHECK(queue.occupied_for() == 0ns);
}

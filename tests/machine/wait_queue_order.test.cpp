#include "caf_pool/machine/queue/wait_queue.hpp"

#include "machine/queue_bench.hpp"
#include "support/catch_compat.hpp"

#include <algorithm>
#include <array>
#include <map>

using namespace caf_pool;
using namespace std::chrono_literals;

using tickets = queue_bench::tickets;

// -- priorities ---------------------------------------------------------------

TEST_CASE("higher priorities go first, each in the order of arrival") {
  queue_bench bench;
  bench.push(1, 0);
  bench.push(2, 1);
  bench.push(3, 7);
  bench.push(4, 1);
  bench.push(5, 7);
  CHECK(bench.pop(5) == tickets{3, 5, 2, 4, 1});
}

TEST_CASE("a priority above the highest counts as the highest") {
  queue_bench bench;
  bench.push(1, 7);
  bench.push(2, 255);
  CHECK(bench.pop(2) == tickets{1, 2});
}

TEST_CASE("a waiter gains one step each time the ageing passes") {
  queue_bench bench;
  bench.push(1, 0);
  bench.now += 1s - 1ns;
  SECTION("less later, one step more wins") {
    bench.push(2, 1);
    CHECK(bench.pop() == 2);
  }
  SECTION("two steps more win for twice as long") {
    bench.now += 1s;
    bench.push(2, 2);
    CHECK(bench.pop() == 2);
  }
  bench.now += 2ns;
  SECTION("more later, one step more loses") {
    bench.push(2, 1);
    CHECK(bench.pop() == 1);
  }
}

TEST_CASE("at a tie the higher priority wins") {
  queue_bench bench;
  bench.push(1, 0);
  bench.now += 1s;
  bench.push(2, 1);
  CHECK(bench.pop(2) == tickets{2, 1});
}

TEST_CASE("nobody starves, however many of the highest priority come") {
  queue_bench bench;
  bench.push(1, 0);
  std::uint64_t id = 2;
  // The queue never empties: each second two come and one is served.
  while (bench.uut.contains(ticket{1})) {
    bench.push(id++, 7);
    bench.push(id++, 7);
    bench.now += 100ms;
    bench.pop();
    REQUIRE(bench.now < at(30s));
  }
  // Only those that came within 7 steps of it went ahead: 140 of them.
  CHECK(bench.now - at(0s) > 13s);
  CHECK(bench.now - at(0s) < 15s);
}

TEST_CASE("without ageing the lowest priority waits for all others") {
  auto config = queue_bench::plain();
  config.ageing = 0s;
  queue_bench bench{config};
  bench.patience = 24h;
  bench.push(1, 0);
  bench.now += 1h;
  bench.push(2, 1);
  CHECK(bench.pop(2) == tickets{2, 1});
}

TEST_CASE("ageing can be changed while waiters wait") {
  queue_bench bench;
  bench.push(1, 0);
  bench.now += 2s;
  bench.push(2, 1);
  auto config = queue_bench::plain();
  config.ageing = 3s;
  bench.uut.configure(config);
  CHECK(bench.pop(2) == tickets{2, 1});
}

// -- tenants ------------------------------------------------------------------

TEST_CASE("tenants of one priority take turns") {
  queue_bench bench;
  for (std::uint64_t id = 1; id <= 4; ++id)
    bench.push(id, 0, 7);
  bench.push(5, 0, 8);
  bench.push(6, 0, 8);
  bench.push(7, 0, 0); // nobody's in particular is a tenant like others
  CHECK(bench.pop(7) == tickets{1, 5, 7, 2, 6, 3, 4});
}

TEST_CASE("a tenant that floods the queue delays nobody but itself") {
  queue_bench bench;
  for (std::uint64_t id = 1; id <= 10000; ++id)
    bench.push(id, 0, 1);
  bench.now += 1ms;
  bench.push(20000, 0, 2);
  CHECK(bench.pop(2) == tickets{1, 20000});
}

TEST_CASE("a tenant with one request at a time gets every second turn") {
  queue_bench bench;
  for (std::uint64_t id = 1; id <= 20; ++id)
    bench.push(id, 0, 1);
  auto for_second = 0;
  for (std::uint64_t id = 101; id <= 110; ++id) {
    bench.push(id, 0, 2);
    for (auto x : bench.pop(2))
      for_second += x > 100 ? 1 : 0;
  }
  CHECK(for_second == 10);
  CHECK(bench.uut.size() == 10);
}

TEST_CASE("tenants that leave the line and come back keep it in order") {
  queue_bench bench;
  bench.push(1, 0, 1);
  bench.push(2, 0, 2);
  bench.push(3, 0, 3);
  bench.uut.cancel(ticket{2});
  bench.push(4, 0, 2); // behind the third now
  bench.push(5, 0, 4);
  bench.uut.cancel(ticket{1});
  CHECK(bench.pop(4) == tickets{3, 4, 5, 0});
}

TEST_CASE("priorities come before tenants, ageing counts for both") {
  queue_bench bench;
  for (std::uint64_t id = 1; id <= 3; ++id)
    bench.push(id, 0, 1);
  bench.push(4, 1, 1);
  bench.push(5, 1, 1);
  bench.push(6, 1, 2);
  bench.now += 1500ms;
  bench.push(7, 1, 3);
  // Behind 4 and 6 it is the turn of 7, which came too late to go before 1.
  CHECK(bench.pop(7) == tickets{4, 6, 1, 2, 3, 7, 5});
}

TEST_CASE("expired waiters cost their tenant no turn") {
  queue_bench bench;
  bench.patience = 1s;
  bench.push(1, 0, 1);
  bench.patience = 30s;
  bench.push(2, 0, 1);
  bench.push(3, 0, 2);
  bench.now += 1s;
  CHECK(bench.pop(2) == tickets{2, 3});
}

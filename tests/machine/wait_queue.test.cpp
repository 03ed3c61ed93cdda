#include "caf_pool/machine/queue/wait_queue.hpp"

#include "machine/queue_bench.hpp"
#include "support/catch_compat.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

using tickets = queue_bench::tickets;

TEST_CASE("an empty queue serves nobody and has nothing to do") {
  queue_bench bench;
  CHECK(bench.uut.empty());
  CHECK(bench.uut.size() == 0);
  CHECK(bench.pop() == 0);
  CHECK(bench.expire().empty());
  CHECK(bench.uut.next_deadline() == never);
  CHECK(bench.uut.next_shed() == never);
  CHECK(bench.uut.longest_wait(bench.now) == 0s);
  CHECK(bench.uut.busy_for(bench.now) == 0s);
  CHECK(bench.uut.drain().empty());
  CHECK_FALSE(bench.uut.cancel(ticket{1}));
  CHECK_FALSE(bench.uut.contains(ticket{1}));
}

// -- order --------------------------------------------------------------------

TEST_CASE("waiters are served in the order of their arrival", "[C04]") {
  queue_bench bench;
  for (std::uint64_t id : {3, 1, 2, 5, 4}) {
    bench.push(id);
    bench.now += 1ms;
  }
  CHECK(bench.pop(6) == tickets{3, 1, 2, 5, 4, 0});
}

TEST_CASE("two connections serve six waiters in pairs", "[C04]") {
  queue_bench bench;
  for (std::uint64_t id = 1; id <= 6; ++id)
    bench.push(id);
  // Both are given back every 200 ms.
  for (std::uint64_t pair = 0; pair < 3; ++pair) {
    CHECK(bench.pop(2) == tickets{2 * pair + 1, 2 * pair + 2});
    bench.now += 200ms;
  }
  CHECK(bench.uut.empty());
}

TEST_CASE("those who come at the same time go by their tickets") {
  queue_bench bench;
  for (std::uint64_t id : {3, 1, 2})
    bench.push(id);
  CHECK(bench.pop(3) == tickets{1, 2, 3});
}

TEST_CASE("a waiter that is put back stands where it stood", "[trap-T10]") {
  queue_bench bench;
  std::vector<waiter> all;
  for (std::uint64_t id = 1; id <= 5; ++id) {
    bench.push(id);
    bench.now += 1ms;
  }
  auto first = *bench.uut.pop(bench.now);
  auto second = *bench.uut.pop(bench.now);
  bench.now += 10s;
  CHECK(bench.uut.push(second, bench.now));
  CHECK(bench.uut.push(first, bench.now));
  SECTION("in the line") {
    CHECK(bench.pop(5) == tickets{1, 2, 3, 4, 5});
  }
  SECTION("with its old deadline") {
    CHECK(bench.uut.next_deadline() == at(30s));
    bench.now = at(30s);
    CHECK(bench.expire() == tickets{1});
  }
  SECTION("with its whole wait") {
    CHECK(bench.uut.longest_wait(bench.now) == bench.now - at(0s));
  }
}

// -- limit --------------------------------------------------------------------

TEST_CASE("a full queue rejects at once and serves those it has",
          "[trap-T13][Z10]") {
  auto config = queue_bench::plain();
  config.limit = 3;
  queue_bench bench{config};
  for (std::uint64_t id = 1; id <= 3; ++id)
    CHECK(bench.push(id));
  CHECK_FALSE(bench.push(4));
  CHECK_FALSE(bench.uut.contains(ticket{4}));
  CHECK(bench.uut.size() == 3);
  CHECK(bench.pop() == 1);
  CHECK(bench.push(5));
  CHECK(bench.pop(4) == tickets{2, 3, 5, 0});
}

TEST_CASE("a lower limit keeps those that wait") {
  queue_bench bench;
  for (std::uint64_t id = 1; id <= 3; ++id)
    bench.push(id);
  auto config = queue_bench::plain();
  config.limit = 2;
  bench.uut.configure(config);
  CHECK(bench.uut.size() == 3);
  CHECK_FALSE(bench.push(4));
  CHECK(bench.pop(2) == tickets{1, 2});
  CHECK(bench.push(4));
}

TEST_CASE("a ticket waits once") {
  queue_bench bench;
  CHECK(bench.push(1));
  CHECK_FALSE(bench.push(1));
  CHECK(bench.uut.size() == 1);
  CHECK(bench.pop(2) == tickets{1, 0});
  CHECK(bench.push(1)); // it left, so it may come back
}

// -- cancel -------------------------------------------------------------------

TEST_CASE("a waiter that cancels is skipped", "[C05][trap-T3]") {
  queue_bench bench;
  for (std::uint64_t id = 1; id <= 5; ++id)
    bench.push(id);
  CHECK(bench.uut.cancel(ticket{1}));
  CHECK(bench.uut.cancel(ticket{3}));
  CHECK(bench.uut.cancel(ticket{5}));
  CHECK_FALSE(bench.uut.contains(ticket{3}));
  CHECK(bench.uut.size() == 2);
  CHECK(bench.pop(3) == tickets{2, 4, 0});
}

TEST_CASE("cancelling twice or after being served does nothing", "[C05]") {
  queue_bench bench;
  bench.push(1);
  bench.push(2);
  CHECK(bench.uut.cancel(ticket{2}));
  CHECK_FALSE(bench.uut.cancel(ticket{2}));
  CHECK(bench.pop() == 1);
  CHECK_FALSE(bench.uut.cancel(ticket{1}));
}

TEST_CASE("a cancelled waiter leaves no deadline behind") {
  queue_bench bench;
  bench.patience = 1s;
  bench.push(1);
  bench.patience = 2s;
  bench.push(2);
  CHECK(bench.uut.next_deadline() == at(1s));
  bench.uut.cancel(ticket{1});
  CHECK(bench.uut.next_deadline() == at(2s));
  bench.uut.cancel(ticket{2});
  CHECK(bench.uut.next_deadline() == never);
}

// -- deadlines ----------------------------------------------------------------

TEST_CASE("a waiter is never served at or after its deadline",
          "[trap-T2][T06]") {
  queue_bench bench;
  bench.patience = 100ms;
  bench.push(1);
  bench.patience = 1s;
  bench.push(2);
  SECTION("a moment before it is") {
    bench.now = at(100ms - 1ns);
    CHECK(bench.pop() == 1);
  }
  SECTION("at its deadline it is not") {
    bench.now = at(100ms);
    CHECK(bench.pop() == 2);
    CHECK(bench.pop() == 0);
    CHECK(bench.uut.size() == 1); // until somebody answers it
    CHECK(bench.uut.contains(ticket{1}));
    CHECK(bench.expire() == tickets{1});
    CHECK(bench.uut.empty());
  }
  SECTION("not even if it was put in expired") {
    bench.patience = 0s;
    bench.push(3, 7);
    CHECK(bench.pop() == 1);
    CHECK(bench.expire() == tickets{3});
  }
}

TEST_CASE("expired waiters come out in the order of their deadlines", "[T01]") {
  queue_bench bench;
  for (auto [id, patience] :
       {std::pair{1u, 3s}, {2u, 1s}, {3u, 2s}, {4u, 1s}, {5u, 9s}}) {
    bench.patience = patience;
    bench.push(id);
  }
  CHECK(bench.uut.next_deadline() == at(1s));
  bench.now = at(1s - 1ns);
  CHECK(bench.expire().empty());
  bench.now = at(3s);
  CHECK(bench.expire() == tickets{2, 4, 3, 1});
  CHECK(bench.uut.next_deadline() == at(9s));
  CHECK(bench.uut.size() == 1);
}

TEST_CASE("expired waiters are appended to those that are there already") {
  queue_bench bench;
  bench.patience = 1s;
  bench.push(2);
  bench.now += 2s;
  std::vector<waiter> out{bench.make(9), bench.make(8)};
  bench.uut.expire(bench.now, out);
  CHECK(queue_bench::names_of(out) == tickets{9, 8, 2});
}

TEST_CASE("the next deadline is due as long as nobody took the expired") {
  queue_bench bench;
  bench.patience = 1s;
  bench.push(1);
  bench.patience = 5s;
  bench.push(2);
  bench.now += 1s;
  CHECK(bench.pop() == 2); // sets the expired one aside
  CHECK(bench.uut.next_deadline() == at(1s));
  bench.expire();
  CHECK(bench.uut.next_deadline() == never);
}

TEST_CASE("an expired waiter may still cancel") {
  queue_bench bench;
  bench.patience = 1s;
  bench.push(1);
  bench.push(2);
  bench.now += 1s;
  CHECK(bench.pop() == 0);
  CHECK(bench.uut.cancel(ticket{1}));
  CHECK(bench.expire() == tickets{2});
}

TEST_CASE("a waiter without a deadline waits for ever") {
  queue_bench bench;
  auto x = bench.make(1);
  x.deadline = never;
  bench.uut.push(x, bench.now);
  bench.now += 24h * 365;
  CHECK(bench.expire().empty());
  CHECK(bench.pop() == 1);
}

// -- what it tells ------------------------------------------------------------

TEST_CASE("the longest wait is that of the oldest, whatever its place") {
  queue_bench bench;
  bench.push(1, 0);
  bench.now += 1ms;
  bench.push(2, 7);
  bench.now += 1ms;
  CHECK(bench.uut.longest_wait(bench.now) == 2ms);
  CHECK(bench.pop() == 2);
  CHECK(bench.uut.longest_wait(bench.now) == 2ms);
  CHECK(bench.pop() == 1);
  CHECK(bench.uut.longest_wait(bench.now) == 0s);
}

TEST_CASE("a queue knows since when somebody has been waiting", "[Z05]") {
  queue_bench bench;
  bench.push(1);
  bench.now += 1s;
  bench.push(2);
  bench.pop();
  bench.now += 1s;
  CHECK(bench.uut.busy_for(bench.now) == 2s); // without a pause
  bench.pop();
  CHECK(bench.uut.busy_for(bench.now) == 0s);
  bench.now += 1s;
  bench.push(3);
  bench.now += 1s;
  CHECK(bench.uut.busy_for(bench.now) == 1s);
}

TEST_CASE("draining takes all: the expired, then the others in turn") {
  queue_bench bench;
  bench.push(1);
  bench.push(2);
  bench.push(3, 3);
  bench.push(4);
  bench.patience = 1s;
  bench.push(5);
  bench.now += 1s;
  bench.pop(); // 3; sets 5 aside
  bench.uut.cancel(ticket{2});
  CHECK(queue_bench::names_of(bench.uut.drain()) == tickets{5, 1, 4});
  CHECK(bench.uut.empty());
  CHECK(bench.uut.next_deadline() == never);
  CHECK(bench.push(6));
  CHECK(bench.pop() == 6);
}

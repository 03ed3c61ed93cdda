#include "caf_pool/machine/queue/wait_queue.hpp"

#include "machine/queue_bench.hpp"
#include "support/catch_compat.hpp"

#include <algorithm>
#include <malloc.h>

using namespace caf_pool;
using namespace std::chrono_literals;

using tickets = queue_bench::tickets;

namespace {

wait_queue_config shedding() {
  auto result = queue_bench::plain();
  result.shed = true;
  result.shed_target = 50ms;
  result.shed_interval = 2s;
  return result;
}

// What callers got out of an overload.
struct outcome {
  int in_time = 0;
  int too_late = 0;
  int turned_away = 0;
  int expired = 0;
  duration worst = 0s;
};

// One connection serves 100 callers per second; `gap` apart they come. A caller
// waits for at most 1 s, but its user is gone after 500 ms.
struct overload {
  explicit overload(const wait_queue_config& config) : bench(config) {
    bench.patience = 1s;
  }

  outcome run(duration length, duration gap) {
    outcome result;
    auto end = bench.now + length;
    auto next_caller = bench.now;
    while (bench.now < end) {
      bench.now = std::min(next_caller, next_free);
      result.expired += static_cast<int>(bench.expire().size());
      if (bench.now == next_caller) {
        bench.push(++last);
        next_caller += gap;
      }
      result.turned_away += static_cast<int>(bench.shed().size());
      if (bench.now >= next_free)
        serve(result);
    }
    return result;
  }

  void serve(outcome& result) {
    auto x = bench.uut.pop(bench.now);
    next_free = bench.now + (x ? 10ms : 1ms);
    if (!x)
      return;
    auto waited = bench.now - x->enqueued;
    ++(waited <= 500ms ? result.in_time : result.too_late);
    result.worst = std::max(result.worst, waited);
  }

  queue_bench bench;
  time_point next_free = bench.now;
  std::uint64_t last = 0;
};

} // namespace

TEST_CASE("an overloaded queue that sheds serves in time, others just too late",
          "[trap-T14][Z15]") {
  // Twice as many callers as can be served, for a minute.
  auto plain = overload{queue_bench::plain()}.run(60s, 5ms);
  auto shed = overload{shedding()}.run(60s, 5ms);
  // Without shedding nearly all who are served have given up before.
  CHECK(plain.in_time < 150);
  CHECK(plain.too_late > 5500);
  // With it most who are served are served in time, ...
  CHECK(shed.in_time > 5000);
  CHECK(shed.too_late < 900);
  // ... and the others know after 100 ms instead of a second.
  CHECK(shed.turned_away > 5500);
  CHECK(shed.expired < 500);
}

TEST_CASE("a queue without overload sheds nobody", "[trap-T14][Z15]") {
  overload uut{shedding()};
  CHECK(uut.run(60s, 11ms).turned_away == 0);
}

TEST_CASE("time-outs end with the overload", "[Z14]") {
  for (auto& config : {queue_bench::plain(), shedding()}) {
    overload uut{config};
    uut.run(20s, 5ms);
    uut.run(4s, 20ms); // recovers
    auto after = uut.run(20s, 20ms);
    CHECK(after.expired == 0);
    CHECK(after.turned_away == 0);
    CHECK(after.too_late == 0);
    CHECK(after.in_time > 900);
    CHECK(after.worst <= 10ms);
  }
}

TEST_CASE("while overloaded those go who waited twice the target",
          "[trap-T14][Z15]") {
  queue_bench bench{shedding()};
  CHECK(bench.shed().empty()); // begins the first interval
  CHECK(bench.uut.next_shed() == never);
  bench.uut.note_refusal();
  bench.push(1);
  CHECK(bench.uut.next_shed() == at(2s));
  bench.now = at(1900ms);
  bench.push(2, 7);
  bench.now = at(1950ms);
  bench.push(3);
  bench.now = at(2s);
  CHECK(bench.shed() == tickets{1}); // the others: not longer than 100 ms
  CHECK(bench.uut.next_shed() == at(2s + 1ns));
  bench.now = at(2s + 1ns);
  CHECK(bench.shed() == tickets{2});
  CHECK(bench.uut.size() == 1);
  CHECK(bench.uut.next_shed() == at(2050ms + 1ns));
  CHECK(bench.pop() == 3);
}

TEST_CASE("somebody served at once shows that there is no overload") {
  queue_bench bench{shedding()};
  bench.shed();
  bench.uut.note_refusal();
  bench.push(1);
  bench.now = at(1900ms);
  bench.push(2);
  CHECK(bench.pop(2) == tickets{1, 2}); // the second did not wait
  bench.push(3);
  bench.now = at(2100ms);
  CHECK(bench.shed().empty());
}

TEST_CASE("a long wait of the last one served shows an overload") {
  queue_bench bench{shedding()};
  bench.shed();
  bench.uut.note_refusal();
  bench.push(1);
  bench.now = at(1950ms);
  SECTION("if somebody came meanwhile") {
    bench.push(2);
    CHECK(bench.pop() == 1);
    bench.now = at(2s);
    CHECK(bench.shed().empty());
    bench.now = at(2051ms);
    CHECK(bench.shed() == tickets{2});
  }
  SECTION("but not if that emptied the queue") {
    CHECK(bench.pop() == 1);
    bench.push(2);
    bench.now = at(2s);
    CHECK(bench.shed().empty());
    bench.now = at(2051ms);
    CHECK(bench.shed().empty());
  }
}

TEST_CASE("a wait no longer than a use is not slow", "[Z15]") {
  queue_bench bench{shedding()};
  bench.shed();
  bench.uut.note_refusal();
  bench.uut.expect_use(1s);
  bench.push(1);
  bench.now = at(1s);
  bench.push(2);
  bench.now = at(2s);
  CHECK(bench.pop() == 1);
  bench.push(3);
  CHECK(bench.shed().empty()); // it is slow, but nobody waited for two uses
  CHECK(bench.uut.next_shed() == at(3s + 1ns));
  bench.uut.expect_use(0s);
  CHECK(bench.shed() == tickets{2}); // more than twice the target
}

TEST_CASE("a full queue and a time that is over show an overload", "[Z15]") {
  auto config = shedding();
  config.limit = 2;
  queue_bench bench{config};
  bench.shed();
  SECTION("the first") {
    bench.push(1);
    bench.push(2);
    CHECK_FALSE(bench.push(3));
  }
  SECTION("the second") {
    bench.patience = 1s;
    bench.push(1);
    bench.now = at(1s);
    CHECK(bench.expire() == tickets{1});
    bench.patience = 30s;
    bench.push(2);
  }
  bench.now = at(2s);
  CHECK_FALSE(bench.shed().empty());
}

TEST_CASE("the expired are not shed") {
  queue_bench bench{shedding()};
  bench.shed();
  bench.patience = 1s;
  bench.push(1);
  bench.now = at(2s);
  CHECK(bench.shed().empty());
  CHECK(bench.expire() == tickets{1});
}

TEST_CASE("shedding can be turned on and off") {
  queue_bench bench;
  bench.push(1);
  bench.now = at(10s);
  CHECK(bench.shed().empty());
  CHECK(bench.uut.next_shed() == never);
  bench.uut.configure(shedding());
  CHECK(bench.shed().empty()); // an interval must pass first
  bench.uut.note_refusal();
  CHECK(bench.uut.next_shed() == at(12s));
  bench.uut.configure(queue_bench::plain());
  bench.now = at(12s);
  CHECK(bench.shed().empty());
  bench.uut.configure(shedding());
  bench.shed();
  bench.uut.note_refusal();
  bench.now = at(14s);
  CHECK(bench.shed() == tickets{1});
}

TEST_CASE("the target can be changed during an overload") {
  queue_bench bench{shedding()};
  bench.shed();
  bench.uut.note_refusal();
  bench.push(1);
  bench.now = at(1500ms);
  bench.push(2);
  bench.now = at(2s);
  auto config = shedding();
  config.shed_target = 400ms;
  bench.uut.configure(config);
  CHECK(bench.shed() == tickets{1}); // more than 800 ms
  bench.uut.configure(shedding());
  CHECK(bench.shed() == tickets{2}); // still overloaded
}

// -- many waiters -------------------------------------------------------------

namespace {

std::size_t allocated() {
  auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

} // namespace

TEST_CASE("ten thousand waiters take less than 1 KiB each", "[trap-T13]") {
  constexpr std::size_t n = 10000;
  auto before = allocated();
  queue_bench bench;
  for (std::uint64_t id = 1; id <= n; ++id)
    bench.push(id, static_cast<std::uint8_t>(id % 8),
               static_cast<std::uint32_t>(id)); // a tenant each: the worst
  auto each = (allocated() - before) / n;
  // Sanitizers have an allocator of their own, which tells nothing.
  if (before != 0)
    CHECK(each > sizeof(waiter));
  CHECK(each < 512);
  CHECK(bench.uut.size() == n);
}

TEST_CASE("ten thousand waiters go in order, by cancel and by deadline",
          "[trap-T13]") {
  queue_bench bench;
  for (std::uint64_t id = 1; id <= 10000; ++id) {
    bench.now = at(std::chrono::microseconds{id});
    bench.patience = std::chrono::seconds{id % 3 == 0 ? 1 : 60};
    bench.push(id);
  }
  for (std::uint64_t id = 1; id <= 10000; ++id)
    if (id % 3 == 1)
      CHECK(bench.uut.cancel(ticket{id}));
  bench.now = at(1s + 5ms);
  auto first = bench.expire();
  CHECK(first.size() == 1666); // those of the first 5 ms
  CHECK(std::is_sorted(first.begin(), first.end()));
  bench.now = at(1s + 10ms);
  CHECK(bench.expire().size() == 3333 - 1666);
  CHECK(bench.uut.size() == 3333);
  for (std::uint64_t id = 2; id <= 10000; id += 3)
    REQUIRE(bench.pop() == id);
  CHECK(bench.uut.empty());
}

TEST_CASE("a queue in use for long takes no more memory than at its fullest") {
  queue_bench bench;
  std::uint64_t id = 0;
  auto fill = [&] {
    for (int i = 0; i < 100; ++i, ++id)
      bench.push(id, 0, static_cast<std::uint32_t>(id)); // always new tenants
  };
  auto empty = [&] {
    bench.uut.cancel(ticket{id - 1});
    while (bench.uut.pop(bench.now)) {
      // nop
    }
  };
  fill();
  empty();
  auto before = allocated();
  for (int i = 0; i < 1000; ++i) {
    fill();
    empty();
  }
  CHECK(allocated() <= before + 16384);
}

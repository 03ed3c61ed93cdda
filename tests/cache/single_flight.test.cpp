#include "caf_pool/cache/single_flight.hpp"

#include "caf_pool/cache/background_tasks.hpp"
#include "caf_pool/cache/computation_slots.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::eventually;

namespace {

cache_answer answer_of(std::string text) {
  auto result = cache_answer{};
  result.state = cache_state::computed;
  result.value = std::move(text);
  return result;
}

/// A thread that joins, and what it got.
struct joiner {
  joiner(single_flight& flights, time_point deadline)
    : got(std::async(std::launch::async, [&flights, deadline] {
        return std::make_unique<single_flight::seat>(
          flights.join("k", deadline));
      })) {
    // nop
  }

  std::future<std::unique_ptr<single_flight::seat>> got;
};

bool waits(single_flight& flights, std::size_t n) {
  return eventually([&] { return flights.waiting() == n; });
}

} // namespace

TEST_CASE("those who wait share what the leader lands") {
  single_flight flights;
  auto leader = flights.join("k", never);
  REQUIRE(leader.leads());
  std::vector<joiner> others;
  for (auto i = 0; i < 5; ++i)
    others.emplace_back(flights, never);
  REQUIRE(waits(flights, 5));
  auto other_key = flights.join("other", never);
  CHECK(other_key.leads());
  leader.land(answer_of("x"));
  for (auto& x : others) {
    auto seat = x.got.get();
    REQUIRE(seat->shared() != nullptr);
    CHECK(seat->shared()->value().value == "x");
    CHECK_FALSE(seat->leads());
  }
  // Who comes later begins anew.
  CHECK(flights.join("k", never).leads());
}

TEST_CASE("those who wait share an error") {
  single_flight flights;
  auto leader = flights.join("k", never);
  auto other = joiner{flights, never};
  REQUIRE(waits(flights, 1));
  auto why = error{errc::execute_failed, "no", ""};
  leader.land(why);
  CHECK(other.got.get()->shared()->error() == why);
}

TEST_CASE("a leader that leaves without an outcome hands over") {
  single_flight flights;
  auto leader = std::make_unique<single_flight::seat>(flights.join("k", never));
  auto first = joiner{flights, never};
  auto second = joiner{flights, never};
  REQUIRE(waits(flights, 2));
  leader.reset();
  REQUIRE(waits(flights, 1));
  auto* next
    = first.got.wait_for(0s) == std::future_status::ready ? &first : &second;
  REQUIRE(eventually([&] {
    next
      = first.got.wait_for(0s) == std::future_status::ready ? &first : &second;
    return next->got.wait_for(0s) == std::future_status::ready;
  }));
  auto& last = next == &first ? second : first;
  auto seat = next->got.get();
  REQUIRE(seat->leads());
  CHECK_FALSE(flights.try_lead("k").leads());
  seat->land(answer_of("y"));
  CHECK(last.got.get()->shared()->value().value == "y");
}

TEST_CASE("a deadline ends only the wait of its own") {
  single_flight flights;
  auto leader = flights.join("k", never);
  auto patient = joiner{flights, never};
  REQUIRE(waits(flights, 1));
  auto brief = flights.join("k", clock::now() + 1ms);
  CHECK_FALSE(brief.leads());
  CHECK(brief.shared() == nullptr);
  leader.land(answer_of("x"));
  CHECK(patient.got.get()->shared() != nullptr);
}

TEST_CASE("leads are not lost where leaders leave and waits end at once") {
  single_flight flights;
  std::atomic<int> led = 0;
  std::atomic<int> inside = 0;
  std::atomic<bool> two = false;
  std::vector<std::thread> threads;
  for (auto i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (auto j = 0; j < 2000; ++j) {
        auto wait = std::chrono::microseconds{(i * 37 + j * 11) % 200};
        auto seat = flights.join("k", i == 0 ? never : clock::now() + wait);
        if (!seat.leads())
          continue;
        if (inside.fetch_add(1) != 0)
          two = true;
        ++led;
        inside.fetch_sub(1);
        if (j % 3 == 0)
          seat.land(answer_of("x"));
      }
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(led > 0);
  CHECK_FALSE(two);
  CHECK(flights.waiting() == 0);
  CHECK(flights.try_lead("k").leads());
}

TEST_CASE("who comes after a key was forgotten begins anew") {
  single_flight flights;
  auto old = flights.join("k", never);
  auto waiter = joiner{flights, never};
  REQUIRE(waits(flights, 1));
  flights.forget("k");
  auto young = flights.join("k", never);
  REQUIRE(young.leads());
  old.land(answer_of("old"));
  CHECK(waiter.got.get()->shared()->value().value == "old");
  CHECK_FALSE(flights.try_lead("k").leads());
  flights.forget_all();
  CHECK(flights.try_lead("k").leads());
}

// -- threads and slots --------------------------------------------------------

TEST_CASE("background tasks run on few threads, and end with their owner") {
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> ran = 0;
  std::promise<void> gate;
  auto open = gate.get_future().share();
  {
    background_tasks tasks{2, 100};
    for (auto i = 0; i < 10; ++i)
      CHECK(tasks.run([&] {
        auto now = ++inside;
        for (auto seen = most.load(); seen < now;)
          most.compare_exchange_weak(seen, now);
        open.wait();
        --inside;
        ++ran;
      }));
    CHECK(eventually([&] { return inside == 2; }));
    gate.set_value();
    CHECK(eventually([&] { return ran >= 2; }));
  }
  CHECK(most == 2);
  CHECK(inside == 0);
}

TEST_CASE("background tasks beyond the backlog are refused") {
  std::promise<void> gate;
  auto open = gate.get_future().share();
  std::atomic<bool> begun = false;
  auto held = std::make_shared<int>(1);
  {
    background_tasks tasks{1, 2};
    CHECK(tasks.run([&] {
      begun = true;
      open.wait();
    }));
    REQUIRE(eventually([&] { return begun.load(); }));
    CHECK(tasks.run([held] {}));
    CHECK(tasks.run([held] {}));
    CHECK_FALSE(tasks.run([held] {}));
    gate.set_value();
  }
  // Those that ran and those that did not are gone.
  CHECK(held.use_count() == 1);
}

TEST_CASE("slots limit, and a deadline ends the wait for one") {
  computation_slots slots{2};
  CHECK(slots.take(never));
  CHECK(slots.take(never));
  CHECK_FALSE(slots.take(clock::now() + 1ms));
  auto third
    = std::async(std::launch::async, [&] { return slots.take(never); });
  slots.give_back();
  CHECK(third.get());
  CHECK_FALSE(slots.take(clock::now()));
}

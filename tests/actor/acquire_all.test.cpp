#include "caf_pool/acquire_all.hpp"

#include "caf_pool/backend/sqlite/sqlite.hpp"

#include "actor/bench.hpp"
#include "actor/standstill.hpp"

#include <random>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

/// Pools of one server each.
struct fixture {
  actor_world world;
  std::vector<std::shared_ptr<scripted_backend>> servers;
  std::vector<std::unique_ptr<any_pool>> pools;

  void add(std::string name, std::uint32_t max) {
    auto config = quiet_pool(max);
    config.name = std::move(name);
    servers.push_back(std::make_shared<scripted_backend>());
    pools.push_back(
      std::make_unique<any_pool>(world.sys, config, servers.back()));
  }

  any_pool& operator[](std::size_t i) {
    return *pools[i];
  }

  bool all_at_rest() {
    return std::all_of(pools.begin(), pools.end(),
                       [](auto& x) { return at_rest(*x); });
  }
};

/// Runs `f` on several threads, each with its number.
template <class F>
void in_threads(unsigned n, F f) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < n; ++i)
    threads.emplace_back([&f, i] { f(i); });
  for (auto& x : threads)
    x.join();
}

} // namespace

TEST_CASE("leases of several pools come together, in the order of the pools",
          "[trap-T12]") {
  actor_world world;
  auto z = pool{world.sys, sqlite(":memory:")};
  auto config = quiet_pool(2);
  config.name = "a";
  auto server = std::make_shared<scripted_backend>();
  any_pool a{world.sys, config, server};
  auto held = acquire_all(60s, z, a);
  auto line = std::to_string(__LINE__ - 1);
  REQUIRE(held.has_value());
  auto& [first, second] = *held;
  // Typed where the pool is, without a word about which is asked first.
  CHECK(static_cast<sqlite3*>(first->native()) != nullptr);
  CHECK(second.execute("SELECT 1").has_value());
  CHECK(server->count(backend_call::execute) == 1);
  auto leases = look(a).leases;
  REQUIRE(leases.size() == 1);
  CHECK_THAT(leases[0].holder,
             ContainsSubstring("acquire_all.test.cpp:" + line));
  second.release();
  CHECK(at_rest(a));
  CHECK(look(z).gauges.leased == 1);
}

TEST_CASE("callers with any choice of pools never wait in a circle",
          "[trap-T12]") {
  fixture fx;
  fx.add("d", 1);
  fx.add("b", 2);
  fx.add("same", 1);
  fx.add("same", 2);
  fx.add("a", 3);
  std::atomic<int> served{0};
  in_threads(6, [&](unsigned seed) {
    std::mt19937 dice{seed};
    for (int round = 0; round < 150; ++round) {
      std::vector<any_pool*> some;
      for (auto& x : fx.pools)
        if (dice() % 2 == 0)
          some.push_back(x.get());
      std::shuffle(some.begin(), some.end(), dice);
      // A circle would only be broken by this limit.
      auto held = acquire_all(60s, some);
      served += held.has_value() && held->size() == some.size();
    }
  });
  CHECK(served == 900);
  CHECK(fx.all_at_rest());
  for (auto& x : fx.pools)
    CHECK(look(*x).counters.acquire_timeouts == 0);
  for (auto& x : fx.servers)
    CHECK(x->verdict() == "");
}

TEST_CASE("one exhausted pool gives all others back and is named",
          "[trap-T12]") {
  fixture fx;
  fx.add("orders", 1);
  fx.add("stock", 1);
  fx.add("users", 1);
  auto first = fx[0].acquire();
  REQUIRE(first.has_value());
  first->release();
  auto held = fx[1].acquire();
  REQUIRE(held.has_value());
  // On a busy machine the time may be over before anybody is asked.
  REQUIRE(eventually([&] {
    auto start = clock::now();
    auto none = acquire_all(100ms, fx[2], fx[1], fx[0]);
    CHECK(clock::now() - start >= 100ms);
    REQUIRE(!none.has_value());
    CHECK(none.error().code == errc::acquire_timeout);
    return none.error().message.find("the pool \"stock\"") != std::string::npos;
  }));
  CHECK(at_rest(fx[0]));
  CHECK(look(fx[0]).counters.acquired >= 2);
  // Nobody asked the pool behind the one that was short.
  CHECK(look(fx[2]).counters.acquired == 0);
  CHECK(look(fx[2]).counters.opened == 0);
  held->release();
  CHECK(acquire_all(60s, fx[2], fx[1], fx[0]).has_value());
  CHECK(fx.all_at_rest());
}

TEST_CASE("several connections of one pool are collected by one caller",
          "[trap-T12]") {
  fixture fx;
  fx.add("orders", 2);
  fx.add("stock", 3);
  // Another object of the same pool is the same pool.
  any_pool again{fx[0].actors(), fx[0].config()};
  std::atomic<int> served{0};
  in_threads(4, [&](unsigned n) {
    for (int round = 0; round < 150; ++round)
      served += n % 2 == 0
                  ? acquire_all(60s, fx[0], fx[1], fx[0], fx[1]).has_value()
                  : acquire_all(60s, fx[1], again, fx[0]).has_value();
  });
  CHECK(served == 600);
  CHECK(fx.all_at_rest());
  CHECK(look(fx[0]).counters.acquire_timeouts == 0);
  CHECK(look(fx[1]).counters.acquire_timeouts == 0);
}

TEST_CASE("more than a pool may have is refused at once", "[trap-T12]") {
  fixture fx;
  fx.add("orders", 2);
  fx.add("stock", 2);
  auto none = acquire_all({}, fx[0], fx[1], fx[1], fx[1]);
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::invalid_argument);
  CHECK_THAT(none.error().message, ContainsSubstring("the pool \"stock\"")
                                     && ContainsSubstring("3 connections"));
  CHECK(fx.all_at_rest());
}

TEST_CASE("a pool that is slow to answer refuses too many all the same",
          "[trap-T12]") {
  fixture fx;
  fx.add("orders", 2);
  auto slow = std::make_unique<standstill>(fx[0]);
  CHECK(code_of(acquire_all(100ms, fx[0], fx[0], fx[0]))
        == errc::acquire_timeout);
  auto code = errc::none;
  std::thread patient{
    [&] { code = code_of(acquire_all(60s, fx[0], fx[0], fx[0])); }};
  CHECK(!fx[0].snapshot(2s).has_value());
  slow = nullptr;
  patient.join();
  CHECK(code == errc::invalid_argument);
  CHECK(fx.all_at_rest());
}

TEST_CASE("whoever waits for his turn at a pool waits until his deadline",
          "[trap-T12]") {
  fixture fx;
  fx.add("orders", 2);
  auto held = fx[0].acquire();
  REQUIRE(held.has_value());
  std::thread collector{
    [&] { CHECK(acquire_all(60s, fx[0], fx[0]).has_value()); }};
  REQUIRE(waiting(fx[0], 1)); // it has one, and wants the other
  auto none = acquire_all(50ms, fx[0], fx[0]);
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::acquire_timeout);
  CHECK_THAT(none.error().message, ContainsSubstring("others collected"));
  held->release();
  collector.join();
  CHECK(fx.all_at_rest());
}

TEST_CASE("a pool that was refused spoils the whole, with its reason") {
  fixture fx;
  fx.add("orders", 1);
  fx.add("", 1);
  auto none = acquire_all({}, fx[0], fx[1]);
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::config_invalid);
  CHECK(look(fx[0]).counters.opened == 0);
}

TEST_CASE("the options hold for every connection") {
  fixture fx;
  fx.add("orders", 1);
  fx.add("stock", 1);
  auto options = acquire_options{};
  options.read_only = true;
  CHECK(acquire_all(options, fx[0], fx[1]).has_value());
  for (auto& x : fx.servers)
    CHECK(x->count(backend_call::restrict_to_reads) == 1);
}

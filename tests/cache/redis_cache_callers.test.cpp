// Many callers, several caches, and servers that fail.

#include "cache_fixture.hpp"
#include "support/catch_compat.hpp"
#include "support/outcome.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::cache_spec;
using test::code_of;
using test::eventually;
using test::fresh_cache;
using test::frozen;
using test::gate;
using test::no_source;
using test::one_cache;
using test::patient;
using test::private_redis;

namespace {

using answer = result<cached<std::string>>;

const auto names = cache_keys{"cache"};

template <class F>
std::future<answer> ask(redis_cache& cache, const cache_policy& policy, F f) {
  return std::async(std::launch::async, [&cache, policy, f] {
    return cache.get_or_compute("k", policy, f);
  });
}

std::string new_value() {
  return "new";
}

bool waits(const redis_cache& cache, std::uint64_t n) {
  return eventually([&] { return cache.stats().waiting == n; });
}

/// Starts callers of one key, and returns how many got "value".
int stampede(std::vector<one_cache*> caches, int callers,
             const cache_policy& policy) {
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (auto i = 0; i < callers; ++i) {
    auto& cache = caches[static_cast<std::size_t>(i) % caches.size()]->cache;
    threads.emplace_back([&cache, &policy, &good, &caches, callers] {
      auto got = cache.get_or_compute("k", policy, [&] {
        // Until all others wait, or have it from another cache.
        eventually([&] {
          std::uint64_t there = 1;
          for (auto* x : caches) {
            auto now = x->cache.stats();
            there += now.waiting + now.hits + now.computed + now.unavailable;
          }
          return there + caches.size() > static_cast<std::uint64_t>(callers);
        });
        return std::string{"value"};
      });
      good += got && got->value == "value" ? 1 : 0;
    });
  }
  for (auto& thread : threads)
    thread.join();
  return good;
}

void make_stale(redis_cache& cache, cache_policy policy) {
  policy.ttl = 1ms;
  REQUIRE(cache.set("k", "old", policy));
  REQUIRE(eventually(
    [&] { return cache.get<std::string>("k").state == cache_state::stale; }));
}

} // namespace

// -- stampedes ----------------------------------------------------------------

TEST_CASE("1000 callers of one key cause one computation") {
  fresh_cache x;
  CHECK(stampede({&x}, 1000, {}) == 1000);
  auto stats = x.cache.stats();
  CHECK(stats.computations == 1);
  CHECK(stats.shared + stats.hits >= 999);
  CHECK(stats.last_error.message == "");
  CHECK(stats.waiting == 0);
}

TEST_CASE("1000 callers of two caches cause two computations at most") {
  fresh_cache x;
  one_cache y{private_redis::shared()};
  CHECK(stampede({&x, &y}, 1000, {}) == 1000);
  for (auto* one : {&x.cache, &y.cache}) {
    CHECK(one->stats().computations <= 1);
    CHECK(one->stats().last_error.message == "");
  }
}

TEST_CASE("with a shared lock two caches cause one computation") {
  fresh_cache x;
  one_cache y{private_redis::shared()};
  auto policy = cache_policy{};
  policy.lock = cache_lock::shared;
  CHECK(stampede({&x, &y}, 200, policy) == 200);
  auto computations
    = x.cache.stats().computations + y.cache.stats().computations;
  CHECK(computations == 1);
  // And it was given back.
  CHECK(private_redis::shared().query({"EXISTS", names.lock_of("k")}) == "0");
}

// -- the shared lock ----------------------------------------------------------

TEST_CASE("a lock of a process that died holds nobody for ever") {
  auto options = patient();
  options.lock_ttl = 50ms;
  fresh_cache x{options};
  auto& server = private_redis::shared();
  server.query({"SET", names.lock_of("k"), "dead"});
  auto policy = cache_policy{};
  policy.lock = cache_lock::shared;
  auto got = x.cache.get_or_compute("k", policy, new_value);
  CHECK(got.value().state == cache_state::computed);
  CHECK(x.cache.get<std::string>("k").value == "new");
  // What is not one's own is not taken away.
  CHECK(server.query({"GET", names.lock_of("k")}) == "dead");
}

TEST_CASE("a lock is given back after a failure, and waits end with limits") {
  fresh_cache x;
  auto policy = cache_policy{};
  policy.lock = cache_lock::shared;
  auto failed = x.cache.get_or_compute(
    "k", policy, [] { return result<std::string>{no_source()}; });
  CHECK(code_of(failed) == errc::connection_lost);
  auto& server = private_redis::shared();
  CHECK(server.query({"EXISTS", names.lock_of("k")}) == "0");
  server.query({"SET", names.lock_of("k"), "other"});
  policy.limit = 200ms;
  auto late = x.cache.get_or_compute("k", policy, new_value);
  CHECK(code_of(late) == errc::execute_timeout);
  // A stale value is no reason to wait.
  policy.limit = std::nullopt;
  policy.stale_while_revalidate = 1h;
  make_stale(x.cache, policy);
  auto stale = x.cache.get_or_compute("k", policy, new_value);
  CHECK(stale.value().state == cache_state::stale);
}

// -- leaders and those who wait -----------------------------------------------

TEST_CASE("those who wait share an error, and each obeys its own limit") {
  fresh_cache x;
  gate held;
  auto fails = [&] {
    held.wait();
    return result<std::string>{no_source()};
  };
  auto leader = ask(x.cache, {}, fails);
  REQUIRE(held.has(1));
  auto waiter = ask(x.cache, {}, fails);
  REQUIRE(waits(x.cache, 1));
  auto brief = cache_policy{};
  brief.limit = 100ms;
  auto late = x.cache.get_or_compute("k", brief, fails);
  CHECK(code_of(late) == errc::execute_timeout);
  held.open();
  CHECK(code_of(leader.get()) == errc::connection_lost);
  CHECK(code_of(waiter.get()) == errc::connection_lost);
  CHECK(x.cache.stats().computations == 1);
}

TEST_CASE("a leader that is cancelled hands over") {
  fresh_cache x;
  gate held;
  auto leader = ask(x.cache, {}, [&] {
    held.wait();
    return result<std::string>{error{errc::cancelled, "enough", ""}};
  });
  REQUIRE(held.has(1));
  auto waiter
    = ask(x.cache, {}, [] { return result<std::string>{std::string{"new"}}; });
  REQUIRE(waits(x.cache, 1));
  held.open();
  CHECK(code_of(leader.get()) == errc::cancelled);
  CHECK(waiter.get().value().value == "new");
}

TEST_CASE("a leader that throws, or is too late, hands over") {
  fresh_cache x;
  gate held;
  auto throws = ask(x.cache, {}, [&]() -> std::string {
    held.wait();
    throw std::runtime_error{"no"};
  });
  REQUIRE(held.has(1));
  gate late_held;
  auto brief = cache_policy{};
  brief.limit = 1h;
  auto second = ask(x.cache, brief, [&](time_point) {
    late_held.wait();
    return std::string{"new"};
  });
  REQUIRE(waits(x.cache, 1));
  held.open();
  CHECK_THROWS_AS(throws.get(), std::runtime_error);
  REQUIRE(late_held.has(1));
  late_held.open();
  CHECK(second.get().value().value == "new");
}

TEST_CASE("who calls after an erasure shares no older computation") {
  fresh_cache x;
  gate held;
  auto old = ask(x.cache, {}, [&] {
    held.wait();
    return std::string{"old"};
  });
  REQUIRE(held.has(1));
  REQUIRE(x.cache.erase("k"));
  auto young = x.cache.get_or_compute("k", {}, new_value);
  CHECK(young.value().value == "new");
  held.open();
  CHECK(old.get().value().value == "old");
  CHECK(x.cache.get<std::string>("k").value == "new");
}

// -- stale while revalidate ---------------------------------------------------

TEST_CASE("one caller computes, the others have the stale value at once") {
  fresh_cache x;
  auto policy = cache_policy{};
  policy.stale_while_revalidate = 1h;
  make_stale(x.cache, policy);
  gate held;
  auto leader = ask(x.cache, policy, [&] {
    held.wait();
    return new_value();
  });
  REQUIRE(held.has(1));
  for (auto i = 0; i < 3; ++i) {
    auto got = x.cache.get_or_compute("k", policy, new_value);
    CHECK(got.value().state == cache_state::stale);
    CHECK(got.value().value == "old");
  }
  held.open();
  CHECK(leader.get().value().state == cache_state::computed);
  CHECK(x.cache.get<std::string>("k").value == "new");
  CHECK(x.cache.stats().computations == 1);
}

TEST_CASE("in the background nobody waits, and the end waits for it") {
  pool connections{cache_spec(fresh_cache::emptied())};
  auto cache = std::make_unique<redis_cache>(connections, patient());
  auto held = std::make_shared<gate>();
  auto policy = cache_policy{};
  policy.stale_while_revalidate = 1h;
  policy.refresh = cache_refresh::in_background;
  make_stale(*cache, policy);
  for (auto i = 0; i < 3; ++i) {
    auto got = cache->get_or_compute("k", policy, [held] {
      held->wait();
      return new_value();
    });
    CHECK(got.value().state == cache_state::stale);
  }
  REQUIRE(held->has(1));
  CHECK(cache->stats().computations == 1);
  auto end = std::async(std::launch::async, [&] { cache.reset(); });
  held->open();
  end.get();
  CHECK(held.use_count() == 1);
  auto other = redis_cache{connections};
  CHECK(other.get<std::string>("k").value == "new");
}

TEST_CASE("in the background a failure is not repeated at once") {
  auto options = patient();
  options.retry_after = 1h;
  fresh_cache x{options};
  auto policy = cache_policy{};
  policy.stale_while_revalidate = 1h;
  policy.refresh = cache_refresh::in_background;
  make_stale(x.cache, policy);
  auto throws = []() -> std::string { throw std::runtime_error{"no"}; };
  CHECK(x.cache.get_or_compute("k", policy, throws).value().value == "old");
  CHECK(eventually([&] { return x.cache.stats().computations_failed == 1; }));
  CHECK(eventually([&] {
    auto got = x.cache.get_or_compute("k", policy, throws);
    return got.value().why.code == errc::execute_failed;
  }));
  CHECK(x.cache.stats().computations == 1);
}

// -- without Redis ------------------------------------------------------------

TEST_CASE("a cache without its server computes, and stores nothing") {
  private_redis server;
  one_cache x{server};
  REQUIRE(x.cache.set("k", "stored", {}));
  server.stop();
  auto gone = x.cache.get<std::string>("k");
  CHECK(gone.state == cache_state::unavailable);
  CHECK(gone.why);
  auto got = x.cache.get_or_compute("k", {}, new_value);
  REQUIRE(got);
  CHECK(got->state == cache_state::unavailable);
  CHECK(got->value == "new");
  CHECK(got->why);
  auto failed = x.cache.get_or_compute(
    "k", {}, [] { return result<std::string>{no_source()}; });
  CHECK(code_of(failed) == errc::connection_lost);
  CHECK_FALSE(x.cache.set("k", "other", {}));
  CHECK_FALSE(x.cache.erase("k"));
  auto many = x.cache.get_many<std::string>({"k", "l"});
  CHECK(many[1].state == cache_state::unavailable);
  auto stats = x.cache.stats();
  CHECK(stats.errors >= 5);
  CHECK(stats.last_error);
  server.start();
  CHECK(eventually(
    [&] { return x.cache.get<std::string>("k").state == cache_state::miss; }));
  CHECK(x.cache.get_or_compute("k", {}, new_value).value().state
        == cache_state::computed);
}

TEST_CASE("without its server few callers compute at a time") {
  private_redis server;
  auto options = patient();
  options.concurrent_computations = 3;
  one_cache x{server, options};
  server.stop();
  gate held;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (auto i = 0; i < 20; ++i)
    threads.emplace_back([&, i] {
      auto got = x.cache.get_or_compute(std::to_string(i), {}, [&] {
        auto now = ++inside;
        for (auto seen = most.load(); seen < now;)
          most.compare_exchange_weak(seen, now);
        held.wait();
        --inside;
        return 1;
      });
      good += got && got->value == 1 ? 1 : 0;
    });
  CHECK(held.has(3));
  // One more has no time to wait for its turn.
  auto brief = cache_policy{};
  brief.limit = 1ms;
  CHECK(code_of(x.cache.get_or_compute("more", brief, [] { return 1; }))
        == errc::execute_timeout);
  held.open();
  for (auto& thread : threads)
    thread.join();
  CHECK(good == 20);
  CHECK(most == 3);
}

TEST_CASE("without its server the callers of one key compute once") {
  private_redis server;
  one_cache x{server};
  server.stop();
  gate held;
  auto compute = [&] {
    held.wait();
    return new_value();
  };
  auto leader = ask(x.cache, {}, compute);
  REQUIRE(held.has(1));
  auto waiter = ask(x.cache, {}, compute);
  REQUIRE(waits(x.cache, 1));
  held.open();
  CHECK(leader.get().value().value == "new");
  CHECK(waiter.get().value().state == cache_state::unavailable);
  CHECK(x.cache.stats().computations == 1);
}

TEST_CASE("a server that is frozen holds nobody longer than the budget") {
  private_redis server;
  auto options = patient();
  options.budget = 100ms;
  one_cache x{server, options};
  // It never thaws meanwhile: that they return shows it.
  frozen ice{server};
  CHECK(x.cache.get<std::string>("k").state == cache_state::unavailable);
  auto got = x.cache.get_or_compute("k", {}, new_value);
  CHECK(got.value().state == cache_state::unavailable);
  CHECK(got.value().value == "new");
  CHECK_FALSE(x.cache.set("k", 1, {}));
  CHECK_FALSE(x.cache.erase("k"));
}

TEST_CASE("a server that freezes during a computation costs one budget") {
  private_redis server;
  auto options = patient();
  options.budget = 500ms;
  one_cache x{server, options};
  std::optional<frozen<private_redis>> ice;
  auto got = x.cache.get_or_compute("k", {}, [&] {
    ice.emplace(server);
    return new_value();
  });
  REQUIRE(got);
  CHECK(got->value == "new");
}

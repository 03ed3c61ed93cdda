#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

struct fixture : scripted_pool {
  using scripted_pool::scripted_pool;

  pool_counters counters() {
    REQUIRE(at_rest(db));
    return look(db).counters;
  }
};

/// Nothing is taken out of the front but by what the test does.
pool_config still_pool(std::uint32_t max) {
  auto config = quiet_pool(max);
  config.validate_on_acquire = false;
  config.breaker.enabled = false;
  config.retry = {1ms, 1.0, 1ms, 1ms, true, 5};
  return config;
}

/// Asks the pool's actor, which then reaches into the front.
acquire_options by_message() {
  auto result = acquire_options{};
  result.priority = 1;
  return result;
}

} // namespace

TEST_CASE(
  "a lease that a look saw ends in the counters, too, when the pool takes "
  "its connection out of the front",
  "[A05]") {
  fixture fx{still_pool(1)};
  REQUIRE(fx.db.execute("SELECT 1").has_value());
  REQUIRE(at_rest(fx.db));
  auto held = fx.db.acquire(); // from the front
  REQUIRE(look(fx.db).gauges.leased == 1);
  held->release(); // to the front: nobody is told
  REQUIRE(fx.db.acquire(by_message()).has_value());
  auto now = fx.counters();
  CHECK(now.acquired == 3);
  CHECK(now.released == 3);
}

TEST_CASE("uses that nobody looked at are counted when the connection ends",
          "[A05]") {
  fixture fx{still_pool(1)};
  for (int i = 0; i < 6; ++i)
    REQUIRE(fx.db.acquire().has_value());
  REQUIRE(fx.me.get<accepted>(fx.db.actors().address,
                              control{control::verb::reconnect, {}}));
  auto now = fx.counters();
  CHECK(now.retired == 1);
  CHECK(now.acquired == 6);
  CHECK(now.released == 6);
}

TEST_CASE("every lease that began before an outage has ended after it",
          "[A05][V03]") {
  fixture fx{still_pool(3)};
  std::atomic<int> calls{0};
  fx.server->answer(backend_call::execute, [&](const scripted_record&) {
    return ++calls % 50 == 0 ? failing(errc::connection_lost, "killed")
                             : scripted_answer{};
  });
  std::atomic<std::uint64_t> begun{0};
  std::atomic<int> busy{5};
  std::vector<std::thread> callers;
  for (int i = 0; i < 5; ++i)
    callers.emplace_back([&] {
      for (int n = 0; n < 1000; ++n)
        if (auto held = fx.db.acquire()) {
          ++begun;
          static_cast<void>(held->execute("SELECT 1"));
        }
      --busy;
    });
  while (busy > 0)
    static_cast<void>(fx.db.snapshot()); // looks as often as it can
  for (auto& x : callers)
    x.join();
  auto now = fx.counters();
  CHECK(now.lost == 100);
  CHECK(now.acquired == begun);
  CHECK(now.released + now.leases_revoked == now.acquired);
}

TEST_CASE("a lease of the front that is taken away ends once", "[A05][K01]") {
  auto config = still_pool(1);
  fixture fx{config};
  REQUIRE(fx.db.execute("SELECT 1").has_value());
  REQUIRE(at_rest(fx.db));
  auto held = fx.db.acquire();
  // Not before: any lease may last so long on a busy machine.
  config.leak_threshold = 20ms;
  config.leak_revoke = 50ms;
  REQUIRE(fx.me.get<accepted>(fx.db.actors().address, reconfigure{config}));
  REQUIRE(shows(fx.db, [](auto& x) { return x.counters.leases_revoked == 1; }));
  CHECK(held->lost());
  held->release();
  auto now = fx.counters();
  CHECK(now.acquired == 2);
  CHECK(now.released == 1);
  CHECK(now.leases_revoked == 1);
}

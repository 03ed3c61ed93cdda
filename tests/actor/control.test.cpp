#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

struct fixture : scripted_pool {
  using scripted_pool::scripted_pool;

  void tell(control::verb what) {
    REQUIRE(me.get<accepted>(db.actors().address, control{what, {}}));
  }
};

} // namespace

TEST_CASE("a paused pool grants nothing, keeps deadlines and says why",
          "[S09][trap-T69]") {
  auto config = quiet_pool(2);
  config.fast_lane = GENERATE(true, false);
  fixture fx{config};
  auto held = fx.db.acquire();
  REQUIRE(held.has_value());
  REQUIRE(fx.db.execute("SELECT 1").has_value()); // one is idle
  fx.tell(control::verb::pause);
  CHECK(look(fx.db).status == pool_status::paused);
  // On a busy machine the pool's own word may come too late to be heard.
  auto refused_as_paused = [&] {
    auto start = clock::now();
    auto none = fx.db.acquire(100ms);
    CHECK(clock::now() - start >= 100ms);
    return code_of(none) == errc::paused;
  };
  CHECK(eventually(refused_as_paused));
  CHECK(held->execute("SELECT 1").has_value()); // what runs goes on
  held->release();
  CHECK(eventually(refused_as_paused));
  fx.tell(control::verb::resume);
  CHECK(fx.db.acquire().has_value());
}

TEST_CASE("waiters of a pause are served in order, as many as there may be",
          "[S09][C04][trap-T69]") {
  auto config = quiet_pool(2);
  config.fast_lane = GENERATE(true, false);
  config.max_waiters = 50;
  fixture fx{config};
  fx.tell(control::verb::pause);
  std::mutex mutex;
  std::vector<int> order;
  std::vector<lease> leases;
  for (int i = 0; i < 20; ++i) {
    fx.db.acquire_async([&, i](result<lease> x) {
      auto guard = std::lock_guard{mutex};
      order.push_back(i);
      if (x)
        leases.push_back(*std::move(x));
    });
    REQUIRE(waiting(fx.db, static_cast<std::uint32_t>(i + 1)));
  }
  {
    auto guard = std::lock_guard{mutex};
    CHECK(order.empty());
  }
  fx.tell(control::verb::resume);
  // No stampede: two leases at most at a time.
  for (std::size_t n = 0; n < 20; ++n) {
    REQUIRE(eventually([&] {
      auto guard = std::lock_guard{mutex};
      return !leases.empty();
    }));
    auto guard = std::lock_guard{mutex};
    CHECK(leases.size() <= 2);
    leases.erase(leases.begin());
  }
  CHECK(at_rest(fx.db));
  auto guard = std::lock_guard{mutex};
  CHECK(order.size() == 20);
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(fx.server->most_connections() <= 2);
}

TEST_CASE("reconnecting replaces every connection, leased ones when they end",
          "[L07][L08][S08][trap-T38]") {
  auto config = quiet_pool(3);
  config.fast_lane = GENERATE(true, false);
  fixture fx{config};
  auto held = fx.db.acquire();
  auto other = fx.db.acquire();
  REQUIRE(held.has_value());
  REQUIRE(other.has_value());
  auto idle = other->id();
  other->release();
  fx.tell(control::verb::reconnect);
  auto fresh = fx.db.acquire();
  REQUIRE(fresh.has_value());
  CHECK(fresh->id() != idle);
  CHECK(!held->lost());
  CHECK(held->execute("SELECT 1").has_value());
  auto outdated = held->id();
  held->release();
  CHECK(fx.server->wait_for_calls(backend_call::close, 2));
  auto last = fx.db.acquire();
  REQUIRE(last.has_value());
  CHECK(last->id() != outdated);
  CHECK(look(fx.db).counters.retired == 2);
  CHECK(look(fx.db).counters.lost == 0);
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("reconnecting tries at once, whatever the backoff says",
          "[trap-T38]") {
  auto config = quiet_pool(1);
  config.retry = {1h, 1.0, 1h, 1h, true, 5};
  config.breaker.enabled = false;
  fixture fx{config};
  fx.server->answer_next(backend_call::open,
                         failing(errc::open_failed, "not yet"));
  std::thread waiter{[&] { CHECK(fx.db.acquire(60s).has_value()); }};
  REQUIRE(shows(fx.db, [](auto& x) { return x.counters.open_failures == 1; }));
  fx.tell(control::verb::reconnect);
  waiter.join();
}

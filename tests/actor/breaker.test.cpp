#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

pool_config fragile() {
  auto config = quiet_pool(2);
  config.retry = {1ms, 1.0, 5ms, 1ms, true, 5};
  config.breaker.consecutive_failures = 3;
  config.breaker.open_time = 300ms;
  config.breaker.open_cap = 300ms;
  config.breaker.open_jitter_percent = 0;
  return config;
}

struct fixture : scripted_pool {
  listener ears{world.sys};

  explicit fixture(const pool_config& config) : scripted_pool(config) {
    me.subscribe_for(ears.actor(), db.actors().address);
  }

  void break_down() {
    server->answer(backend_call::open,
                   failing(errc::open_failed, "connection refused"));
  }

  std::vector<std::string> changes() const {
    std::vector<std::string> result;
    for (auto& x : ears.events(event_kind::breaker_changed))
      result.push_back(x.text.substr(0, x.text.find(' ')));
    return result;
  }
};

} // namespace

TEST_CASE("an open breaker answers at once and leaves the server in peace",
          "[B02][A06][trap-T48]") {
  auto config = fragile();
  config.breaker.open_time = 1h;
  config.breaker.open_cap = 1h;
  config.fast_lane = GENERATE(true, false);
  fixture fx{config};
  fx.break_down();
  // Whoever waits when it opens is told at once, too.
  auto none = fx.db.acquire(1h);
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::breaker_open);
  CHECK(fx.server->count(backend_call::open) == 3);
  for (int i = 0; i < 100; ++i) {
    none = fx.db.acquire(1h);
    REQUIRE(!none.has_value());
    CHECK(none.error().code == errc::breaker_open);
    CHECK(
      code_of(fx.me.get<outcome>(fx.db.actors().address, execute{{"SELECT 1"}}))
      == errc::breaker_open);
  }
  CHECK_THAT(none.error().message,
             ContainsSubstring("for another ")
               && ContainsSubstring("connection refused"));
  CHECK(fx.server->calls().size() == 3);
  auto now = look(fx.db);
  CHECK(now.status == pool_status::down);
  CHECK(now.breaker == breaker_state::open);
  CHECK(now.breaker_open_for > 0s);
  CHECK(now.counters.rejected_by_breaker == 201);
  REQUIRE(!now.reasons.empty());
  CHECK_THAT(now.reasons[0], ContainsSubstring("breaker open for "));
}

TEST_CASE("a half-open breaker tries by itself, one at a time, and closes",
          "[B03][J04][T04][trap-T45]") {
  fixture fx{fragile()};
  fx.break_down();
  REQUIRE(code_of(fx.db.acquire(60s)) == errc::breaker_open);
  // It opens again and again as long as nothing changes.
  REQUIRE(
    eventually([&] { return look(fx.db).counters.breaker_openings >= 2; }));
  // Three failures opened it, and one trial each time opened it again.
  auto tries = fx.server->count(backend_call::open);
  CHECK(tries <= 3 + look(fx.db).counters.breaker_openings);
  // One trial at a time, however many want to know.
  fx.server->answer(backend_call::open, held_back());
  REQUIRE(fx.server->wait_for_held(backend_call::open));
  auto tried = fx.server->count(backend_call::open);
  for (int i = 0; i < 10; ++i)
    fx.db.acquire_async([](result<lease>) {});
  REQUIRE(look(fx.db).breaker == breaker_state::half_open);
  CHECK(fx.server->count(backend_call::open) == tried);
  fx.server->answer(backend_call::open, scripted_answer{});
  fx.server->let_pass(backend_call::open);
  CHECK(shows(fx.db, [](auto& x) {
    return x.breaker == breaker_state::closed && x.status == pool_status::up;
  }));
  CHECK(fx.db.execute("SELECT 1").has_value());
  REQUIRE(eventually([&] {
    auto seen = fx.changes();
    return !seen.empty() && seen.back() == "closed";
  }));
  auto changes = fx.changes();
  REQUIRE(changes.size() >= 5);
  for (std::size_t i = 0; i + 1 < changes.size(); ++i)
    CHECK(changes[i] == (i % 2 == 0 ? "open" : "half_open"));
  CHECK(changes.back() == "closed");
}

TEST_CASE("an attempt that waits for a worker ends when the breaker opens",
          "[B02][trap-T35]") {
  auto config = fragile();
  config.breaker.open_time = 1h;
  config.breaker.open_cap = 1h;
  config.breaker.consecutive_failures = 1;
  config.min_size = 8;
  config.max_size = 16;
  config.open_concurrency = 8;
  config.workers = 1;
  fixture fx{config};
  // Openings that go well let more of them begin at a time.
  REQUIRE(fx.db.execute("SELECT 1").has_value());
  REQUIRE(fx.db.warm_up(60s).has_value());
  auto before = fx.server->count(backend_call::open);
  fx.break_down();
  fx.server->hold(backend_call::open);
  fx.me.tell(fx.db.actors().address, control{control::verb::reconnect, {}});
  REQUIRE(shows(fx.db, [](auto& x) { return x.gauges.opening == 8; }));
  std::atomic<int> rejected{0};
  for (int i = 0; i < 8; ++i)
    fx.db.acquire_async([&](result<lease> x) {
      if (!x && x.error().code == errc::breaker_open)
        ++rejected;
    });
  // As many attempts as there are workers have begun; the others have not.
  REQUIRE(fx.server->wait_for_held(backend_call::open, 3));
  fx.server->stop_holding(backend_call::open);
  CHECK(shows(fx.db, [](auto& x) { return x.gauges.opening == 0; }));
  CHECK(eventually([&] { return rejected == 8; }));
  CHECK(fx.server->count(backend_call::open) == before + 3);
  CHECK(look(fx.db).counters.open_failures == 3);
}

TEST_CASE("a full queue and late callers do not open the breaker",
          "[B01][trap-T43]") {
  auto config = fragile();
  config.max_size = 1;
  config.max_waiters = 1;
  fixture fx{config};
  auto held = fx.db.acquire();
  REQUIRE(held.has_value());
  for (int i = 0; i < 10; ++i)
    CHECK(code_of(fx.db.acquire(1ms)) == errc::acquire_timeout);
  fx.db.acquire_async([](result<lease>) {});
  REQUIRE(waiting(fx.db, 1));
  for (int i = 0; i < 10; ++i)
    CHECK(code_of(fx.db.acquire()) == errc::queue_full);
  // Nor do mistakes of the callers.
  fx.server->answer(backend_call::execute,
                    failing(errc::execute_failed, "syntax error"));
  for (int i = 0; i < 10; ++i)
    CHECK(code_of(held->execute("SELEC")) == errc::execute_failed);
  held->release();
  CHECK(at_rest(fx.db));
  CHECK(look(fx.db).breaker == breaker_state::closed);
  CHECK(look(fx.db).counters.breaker_openings == 0);
}

TEST_CASE("connections that break under their holders open the breaker",
          "[B01][V03]") {
  auto config = fragile();
  config.breaker.open_time = 1h;
  config.breaker.open_cap = 1h;
  config.breaker.min_calls = 6;
  config.breaker.window = 1h;
  fixture fx{config};
  fx.server->answer(backend_call::execute,
                    failing(errc::connection_lost, "reset by peer"));
  // Each is opened before it breaks, so that the share of failures decides.
  auto failures = 0;
  while (code_of(fx.db.execute("SELECT 1")) == errc::connection_lost)
    REQUIRE(++failures < 20);
  CHECK(shows(fx.db, [](auto& x) { return x.breaker == breaker_state::open; }));
  CHECK(code_of(fx.db.acquire()) == errc::breaker_open);
}

TEST_CASE("an operator forces the breaker and lets it go again", "[B04]") {
  fixture fx{fragile()};
  auto& pool = fx.db.actors().address;
  auto tell = [&](control::verb what) {
    REQUIRE(fx.me.get<accepted>(pool, control{what, {}}));
  };
  REQUIRE(fx.db.execute("SELECT 1").has_value());
  tell(control::verb::force_open);
  CHECK(code_of(fx.db.acquire()) == errc::breaker_open);
  CHECK(look(fx.db).breaker == breaker_state::forced_open);
  tell(control::verb::reset_breaker);
  CHECK(fx.db.execute("SELECT 1").has_value());
  tell(control::verb::force_closed);
  fx.server->answer(backend_call::execute,
                    failing(errc::connection_lost, "reset by peer"));
  for (int i = 0; i < 10; ++i)
    CHECK(code_of(fx.db.execute("SELECT 1")) == errc::connection_lost);
  CHECK(look(fx.db).breaker == breaker_state::forced_closed);
}

// Every setting of a pool, changed while it runs.

#include "caf_pool/backend/pool_diff.hpp"
#include "caf_pool/settings/settings.hpp"

#include "actor/manager_bench.hpp"
#include "support/other_value.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("every setting of a pool is in force after a reload",
          "[F03][F04][trap-T67]") {
  actor_world world;
  client me{world.sys};
  auto base = pool_config{};
  base.leak_threshold = 1min; // so that `leak_revoke` has something to follow
  base.leak_revoke = 1h;
  auto ref = spawn_pool(world.sys, base, std::make_shared<scripted_backend>());
  REQUIRE(ref.has_value());
  std::size_t tried = 0;
  for_each_setting(base, [&](const auto& x, const auto&) {
    auto next = base;
    for_each_setting(next, [&](const auto& y, auto& field) {
      if (y.key == x.key)
        change(y, field);
    });
    CAPTURE(x.key);
    REQUIRE(!(next == base));
    REQUIRE(me.get<accepted>(ref->address, reconfigure{next}));
    // The pool's actor read it before it answered.
    CHECK(ref->estate->config == next);
    CHECK(ref->estate->machine->state().config == next);
    ++tried;
  });
  CHECK(tried > 50);
  CHECK(me.get<accepted>(ref->address, control{control::verb::drain}));
}

TEST_CASE("what a backend copies reaches the pool with a new backend",
          "[F03][trap-T67]") {
  actor_world world;
  client me{world.sys};
  auto first = std::make_shared<scripted_backend>();
  auto second = std::make_shared<scripted_backend>();
  auto config = named("a", "x");
  auto ref = spawn_pool(world.sys, config, first);
  REQUIRE(ref.has_value());
  REQUIRE(me.get<outcome>(ref->address, execute{{"SELECT 1"}}));
  auto held = me.get<lease_ptr>(ref->address, acquire_lease{}).value();
  REQUIRE(me.get<accepted>(ref->address, reconfigure{config, second, true}));
  CHECK(ref->estate->backend == second);
  // None is closed under its holder.
  CHECK(held->execute("SELECT 1").has_value());
  held = nullptr;
  CHECK(eventually([&] { return first->connections() == 0; }));
  REQUIRE(me.get<outcome>(ref->address, execute{{"SELECT 1"}}));
  CHECK(second->count(backend_call::execute) == 1);
  CHECK(me.get<accepted>(ref->address, control{control::verb::drain}));
}

TEST_CASE("a database in memory outlives a reload", "[F03]") {
  actor_world world;
  client me{world.sys};
  auto all = spawn_manager(world.sys, std::make_shared<backend_registry>(
                                        backend_registry::with_defaults()));
  auto config = quiet_pool(1);
  config.name = "a";
  config.sweep_interval = 20ms;
  auto run = [&](const char* sql) {
    auto pool = me.get<pool_handle>(all, find_pool{"a"}).value();
    return me.get<outcome>(pool, execute{{sql}});
  };
  REQUIRE(me.get<accepted>(all, apply_pools{{config}}));
  REQUIRE(run("CREATE TABLE t (x)").has_value());
  REQUIRE(run("INSERT INTO t VALUES (zeroblob(2000))").has_value());
  config.max_result_bytes = 1024;
  REQUIRE(me.get<accepted>(all, apply_pools{{config}}));
  // The table is there; its row is too large from now on.
  CHECK(eventually([&] {
    auto rows = run("SELECT x FROM t");
    REQUIRE((rows || rows.error().code == errc::result_too_large));
    return !rows;
  }));
  CHECK(run("SELECT count(*) FROM t").has_value());
  CHECK(me.get<accepted>(all, drain_all{0s}));
  caf::anon_send_exit(all, caf::exit_reason::user_shutdown);
}

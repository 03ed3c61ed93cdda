#include "caf_pool/backend/sqlite/sqlite.hpp"
#include "caf_pool/backend/testing/faulty.hpp"

#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

/// A pool on SQLite in memory, and somebody who sends it messages.
struct fixture {
  actor_world world;
  any_pool db;
  pool_handle pool;
  client me{world.sys};

  fixture() : fixture(memory()) {
    // nop
  }

  explicit fixture(const pool_config& config)
    : db(world.sys, config, make_sqlite(config).value()),
      pool(db.actors().address) {
    run({"CREATE TABLE item (id INTEGER PRIMARY KEY)"}).value();
  }

  static pool_config memory() {
    auto config = quiet_pool(1);
    config.options["path"] = ":memory:";
    return config;
  }

  result<outcome> run(std::vector<sql_statement> what, lease_id lease = {}) {
    auto order = execute{std::move(what)};
    order.lease = lease;
    return me.get<outcome>(pool, std::move(order));
  }

  std::int64_t count() {
    return run({"SELECT count(*) FROM item"})
      .value()
      .results()
      .at(0)[0][0]
      .as<std::int64_t>();
  }
};

} // namespace

TEST_CASE("statements by message need no lease", "[C01]") {
  fixture fx;
  REQUIRE(fx.run({{"INSERT INTO item VALUES (?1)", {7}}}));
  auto rows = fx.run({{"SELECT id FROM item WHERE id > ?1", {1}}});
  REQUIRE(rows.has_value());
  REQUIRE(rows->results().size() == 1);
  CHECK(rows->results()[0][0]["id"].as<int>() == 7);
  CHECK(look(fx.db).counters.opened == 1);
  CHECK(at_rest(fx.db));
}

TEST_CASE("a list of statements takes effect as a whole or not at all",
          "[V01]") {
  fixture fx;
  auto results
    = fx.run({"INSERT INTO item VALUES (1)", "INSERT INTO item VALUES (2)",
              "SELECT count(*) FROM item"});
  REQUIRE(results.has_value());
  REQUIRE(results->results().size() == 3);
  CHECK(results->results()[0].affected == 1);
  CHECK(results->results()[2][0][0].as<int>() == 2);
  auto failed
    = fx.run({"INSERT INTO item VALUES (3)", "INSERT INTO item VALUES (1)",
              "INSERT INTO item VALUES (4)"});
  REQUIRE(!failed.has_value());
  CHECK(failed.error().code == errc::execute_failed);
  CHECK(fx.count() == 2);
  CHECK(look(fx.db).counters.opened == 1);
}

TEST_CASE("statements on a lease share its session, and leave nothing behind",
          "[V01][trap-T16][trap-T17]") {
  fixture fx;
  auto lease = fx.me.get<lease_grant>(fx.pool, acquire{}).value().lease;
  REQUIRE(fx.run({"BEGIN"}, lease));
  REQUIRE(fx.run({"INSERT INTO item VALUES (1)"}, lease));
  CHECK(code_of(fx.run({"SELECT nonsense"}, lease)) == errc::execute_failed);
  REQUIRE(fx.run({"SELECT count(*) FROM item"}, lease));
  fx.me.tell(fx.pool, release{lease, {}});
  CHECK(fx.count() == 0); // it was never committed
  auto now = look(fx.db);
  CHECK(now.counters.resets == 1);
  CHECK(now.counters.execute_errors == 1);
  // Every lease is measured, also those of single statements.
  CHECK(now.use_time.count == now.counters.released);
}

TEST_CASE("two statements at a time on one lease are refused", "[C19]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(1), server};
  client me{world.sys};
  auto& pool = db.actors().address;
  auto lease = me.get<lease_grant>(pool, acquire{}).value().lease;
  auto order = execute{{"SELECT 1"}};
  order.lease = lease;
  server->hold(backend_call::execute);
  auto first = me.start(pool, order);
  REQUIRE(server->wait_for_held(backend_call::execute));
  auto refused = me.get<outcome>(pool, order);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == errc::invalid_argument);
  server->stop_holding(backend_call::execute);
  CHECK(answer_of<outcome>(std::move(first)).has_value());
  me.tell(pool, release{lease, {}});
  CHECK(at_rest(db));
  CHECK(server->verdict() == "");
}

TEST_CASE("more statements than workers and connections are all answered",
          "[C06][Z14]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  auto config = quiet_pool(4);
  config.workers = 2;
  config.max_waiters = 500;
  any_pool db{world.sys, config, server};
  client me{world.sys};
  using pending = decltype(me.start(db.actors().address, execute{}));
  std::vector<pending> all;
  for (int i = 0; i < 300; ++i)
    all.push_back(me.start(db.actors().address, execute{{"SELECT 1"}}));
  for (auto& x : all)
    CHECK(answer_of<outcome>(std::move(x)).has_value());
  CHECK(server->count(backend_call::execute) == 300);
  CHECK(server->most_connections() <= 4);
  CHECK(at_rest(db));
  CHECK(server->verdict() == "");
}

TEST_CASE(
  "whatever the server does, everybody gets an answer and nothing leaks",
  "[K07][Z11][D02]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  fault_plan plan;
  plan.seed = GENERATE(1u, 2u, 3u);
  for (auto kind : {backend_call::open, backend_call::probe,
                    backend_call::reset, backend_call::execute})
    plan.of(kind) = {100, 50, 50, 50, 20};
  auto faults = std::make_shared<faulty_backend>(server, plan);
  auto config = quiet_pool(4);
  config.execute_timeout = 200ms;
  config.open_timeout = 200ms;
  config.reset_timeout = 200ms;
  config.health_check_timeout = 200ms;
  config.validation_bypass = 0s;
  config.retry = {5ms, 1.0, 5ms, 1ms, true, 5};
  config.breaker.enabled = false;
  any_pool db{world.sys, config, faults};
  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&, i] {
      client me{world.sys};
      for (int j = 0; j < 40; ++j) {
        if (i % 2 == 0)
          static_cast<void>(
            me.get<outcome>(db.actors().address, execute{{"SELECT 1"}}));
        else if (auto mine = db.acquire(); mine)
          static_cast<void>(mine->execute("SELECT 1"));
        ++answers;
      }
    });
  for (auto& x : threads)
    x.join();
  CHECK(answers == 240);
  faults->enable(false);
  // On a busy machine those limits may be too short for anything.
  CHECK(eventually([&] { return db.execute("SELECT 1").has_value(); }));
  CHECK(at_rest(db));
  CHECK(server->verdict() == "");
  // What was given up is closed when its thread comes back.
  CHECK(eventually(
    [&] { return server->connections() == look(db).gauges.total(); }));
  auto now = look(db);
  CHECK(now.gauges.total() <= 4);
  CHECK(now.counters.acquired == now.counters.released + now.gauges.leased);
}

#include "actor/postgres_load.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

result<sql_result> quick_statement(any_pool& db) {
  return db.execute("SELECT 1");
}

/// Only a look finds the server in time.
pool_config patient(const private_postgres& server) {
  auto config = resilient(server, 8);
  config.retry.start = 10min;
  config.retry.cap = 10min;
  config.retry.floor = 10min;
  config.breaker.open_time = 1h;
  config.breaker.open_cap = 1h;
  return config;
}

} // namespace

TEST_CASE("a server that is back is found though the breaker is open for long",
          "[postgres][slow][J03][T04]") {
  actor_world world;
  private_postgres server;
  auto config = patient(server);
  any_pool db{world.sys, config, make_postgres(config).value()};
  load callers{db, 8, quick_statement};
  REQUIRE(callers.serves());
  server.kill9();
  REQUIRE(shows(db, [](auto& x) { return x.breaker == breaker_state::open; }));
  CHECK(look(db).status == pool_status::down);
  server.start();
  REQUIRE(callers.serves(1000));
  callers.end();
  CHECK(look(db).breaker == breaker_state::closed);
  CHECK(look(db).status != pool_status::down);
  CHECK(callers.failures()[errc::breaker_open] > 0);
}

TEST_CASE(
  "a rotated password takes effect at once, under load and for a pool "
  "that was refused",
  "[postgres][slow][F03]") {
  actor_world world;
  private_postgres server;
  auto config = patient(server);
  config.options["host"] = "127.0.0.1";
  config.options["user"] = "guarded";
  config.password = secret{std::string{private_postgres::guarded_password}};
  config.min_size = 0;
  any_pool db{world.sys, config, make_postgres(config).value()};
  client me{world.sys};
  load callers{db, 4, quick_statement};
  REQUIRE(callers.serves());
  // The old password is refused from now on, and no session is left.
  server.query("ALTER ROLE guarded PASSWORD 'another one'");
  server.terminate_backends();
  REQUIRE(eventually([&] {
    return callers.failures()[errc::open_refused] > 0
           || look(db).breaker == breaker_state::open;
  }));
  config.password = secret{"another one"};
  auto order = reconfigure{config, make_postgres(config).value(), true};
  REQUIRE(me.get<accepted>(db.actors().address, order));
  REQUIRE(callers.serves());
  callers.end();
  CHECK(look(db).breaker == breaker_state::closed);
}

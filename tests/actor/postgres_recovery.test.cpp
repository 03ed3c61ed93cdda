#include "actor/postgres_load.hpp"
#include "support/chaos_proxy.hpp"

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
  // However many calls are under way when the server dies.
  config.breaker.consecutive_failures = 1;
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
  REQUIRE(shows(db, [](auto& x) {
    return x.breaker == breaker_state::open && x.status == pool_status::down;
  }));
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

TEST_CASE("openings whose packets were lost do not hold up the way back",
          "[postgres][J03][T08]") {
  actor_world world;
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  auto config = patient(server);
  config.options["host"] = "127.0.0.1";
  config.options["port"] = std::to_string(net.port());
  config.max_size = 4;
  config.open_timeout = 1h;
  config.execute_timeout = 2s;
  config.breaker.enabled = false;
  any_pool db{world.sys, config, make_postgres(config).value()};
  REQUIRE(quick_statement(db));
  net.set(chaos_proxy::mode::stall);
  auto before = net.connects();
  load callers{db, 4, quick_statement};
  // Two openings at a time, neither of which will ever have an answer, and
  // some looks in vain.
  REQUIRE(shows(db, [](auto& x) { return x.gauges.opening == 2; }));
  REQUIRE(eventually([&] { return net.connects() >= before + 5; }));
  net.lose_server();
  net.set(chaos_proxy::mode::pass);
  REQUIRE(callers.serves());
  callers.end();
  CHECK(look(db).status != pool_status::down);
}

TEST_CASE(
  "an opening that hangs holds up neither the next settings nor the end",
  "[postgres][F03][S02]") {
  actor_world world;
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  net.set(chaos_proxy::mode::stall);
  auto config = patient(server);
  config.max_size = 1;
  config.min_size = 0;
  config.open_timeout = 1h;
  auto swallowed = config;
  swallowed.options["host"] = "127.0.0.1";
  swallowed.options["port"] = std::to_string(net.port());
  any_pool db{world.sys, swallowed, make_postgres(swallowed).value()};
  client me{world.sys};
  load callers{db, 1, quick_statement};
  REQUIRE(eventually([&] { return net.connects() > 0; }));
  SECTION("of a reload") {
    auto order = reconfigure{config, make_postgres(config).value(), true};
    REQUIRE(me.get<accepted>(db.actors().address, order));
    REQUIRE(callers.serves());
    CHECK(look(db).breaker == breaker_state::closed);
  }
  SECTION("of a drain") {
    CHECK(drained(db, 60s));
  }
  callers.end();
}

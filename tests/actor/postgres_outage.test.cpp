#include "actor/postgres_load.hpp"
#include "support/chaos_proxy.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

result<sql_result> quick_statement(any_pool& db) {
  return db.execute("SELECT 1");
}

/// Far above the acquire and the execute timeout of these pools and the second
/// that a frozen server may take to stop: the point is that nobody waits for
/// ever.
constexpr duration longest_call = 2 * patience;

bool only(const std::map<errc, std::uint64_t>& failures,
          const std::vector<errc>& allowed) {
  for (auto& [code, n] : failures)
    if (std::find(allowed.begin(), allowed.end(), code) == allowed.end())
      return false;
  return true;
}

/// The pool is whole, the server agrees, and at the end nothing is left.
void nothing_leaked(private_postgres& server, any_pool& db, std::size_t max) {
  CHECK(at_rest(db));
  // The last attempt to open may have failed when a server came back.
  CHECK(eventually([&] {
    return look(db).status == pool_status::up
           || (db.execute("SELECT 1").has_value() && false);
  }));
  CHECK(at_rest(db));
  CHECK(
    eventually([&] { return sessions(server) == look(db).gauges.total(); }));
  CHECK(sessions(server) <= max);
  CHECK(drained(db, 60s));
  CHECK(eventually([&] { return sessions(server) == 0; }));
}

} // namespace

TEST_CASE(
  "a server that is killed under load and comes back costs no caller "
  "more than its deadline",
  "[postgres][slow][V04][T04][J04][trap-T34]") {
  actor_world world;
  private_postgres server;
  auto config = resilient(server, 8);
  any_pool db{world.sys, config, make_postgres(config).value()};
  listener ears{world.sys};
  client me{world.sys};
  me.subscribe_for(ears.actor(), db.actors().address);
  load callers{db, 32, quick_statement};
  REQUIRE(callers.serves());
  auto start = clock::now();
  server.kill9();
  REQUIRE(ears.wait_for(event_kind::breaker_changed));
  CHECK(ears.events(event_kind::breaker_changed)[0].text.starts_with("open"));
  // It stays away until the breaker has tried in vain, too.
  REQUIRE(shows(db, [](auto& x) { return x.counters.breaker_openings >= 2; }));
  auto attempts = look(db).counters.open_failures;
  auto away = clock::now() - start;
  server.start();
  REQUIRE(callers.serves(1000));
  callers.end();
  CHECK(callers.longest() < longest_call);
  CHECK(only(callers.failures(),
             {errc::connection_lost, errc::breaker_open, errc::open_failed,
              errc::acquire_timeout, errc::outcome_unknown}));
  CHECK(callers.failures()[errc::breaker_open] > 0);
  // Few knocked at the dead server: those under way when it died, then one at
  // a time as the backoff and the breaker allow.
  CHECK(attempts <= 10 + 4 * static_cast<std::uint64_t>(away / 500ms + 1));
  CHECK(eventually([&] {
    return ears.events(event_kind::breaker_changed).back().text == "closed";
  }));
  nothing_leaked(server, db, 8);
}

TEST_CASE(
  "a server that freezes under load costs no caller more than its "
  "deadline",
  "[postgres][slow][T10][V14][trap-T28]") {
  actor_world world;
  private_postgres server;
  auto config = resilient(server, 8);
  config.acquire_timeout = 500ms;
  config.execute_timeout = 500ms;
  config.open_timeout = 500ms;
  any_pool db{world.sys, config, make_postgres(config).value()};
  load callers{db, 32, quick_statement};
  REQUIRE(callers.serves());
  auto before = look(db).counters.lost;
  server.freeze();
  // Connections get lost, and new ones are tried in vain.
  REQUIRE(shows(db, [&](auto& x) {
    return x.counters.lost > before && x.counters.open_failures > 0;
  }));
  server.thaw();
  REQUIRE(callers.serves(1000));
  callers.end();
  CHECK(callers.longest() < longest_call);
  CHECK(only(callers.failures(),
             {errc::connection_lost, errc::breaker_open, errc::open_failed,
              errc::open_timeout, errc::acquire_timeout, errc::execute_timeout,
              errc::outcome_unknown}));
  nothing_leaked(server, db, 8);
}

TEST_CASE("a server with too few places is used as far as it goes",
          "[postgres][slow][C15][Z01][trap-T6]") {
  actor_world world;
  // Three of these are reserved for superusers.
  private_postgres server{
    {.max_connections = 10, .tls = false, .settings = {}}};
  auto config = resilient(server, 12);
  // Refusals of new connections are no reason to leave the old ones alone.
  config.breaker.enabled = false;
  any_pool db{world.sys, config, make_postgres(config).value()};
  std::size_t most = 0;
  {
    auto others = server.exhaust_connections();
    // All places are taken: nobody is served, and everybody hears why.
    CHECK(eventually([&] {
      auto none = db.acquire(300ms);
      REQUIRE(!none.has_value());
      CHECK(none.error().code == errc::acquire_timeout);
      auto says = [&](const char* text) {
        return none.error().message.find(text) != std::string::npos;
      };
      return says("too many clients") || says("remaining connection slots");
    }));
    CHECK(look(db).last_error.code == errc::open_failed);
    CHECK(look(db).last_error.state == "53300");
  }
  load callers{db, 24,
               [](any_pool& x) { return x.execute("SELECT pg_sleep(0.005)"); }};
  REQUIRE(callers.serves(500));
  most = std::max(most, sessions(server));
  callers.end();
  CHECK(callers.failures().empty());
  CHECK(most <= 7);
  auto now = look(db);
  CHECK(now.counters.lost == 0);
  CHECK(now.counters.open_failures > 0);
  CHECK(at_rest(db));
  CHECK(drained(db, 60s));
  CHECK(eventually([&] { return sessions(server) == 0; }));
}

TEST_CASE(
  "sessions that an administrator ends are replaced, their statements "
  "fail with the server's own words",
  "[postgres][slow][V03][trap-T41]") {
  actor_world world;
  auto& server = private_postgres::shared();
  auto config = resilient(server, 4);
  config.breaker.enabled = false;
  any_pool db{world.sys, config, make_postgres(config).value()};
  load callers{db, 12,
               [](any_pool& x) { return x.execute("SELECT pg_sleep(0.05)"); }};
  REQUIRE(callers.serves(20));
  std::size_t ended = 0;
  for (int round = 0; round < 10 || (ended < 10 && round < 100); ++round) {
    ended += server.terminate_backends(
      "application_name = 'caf_pool/outage' AND state = 'active'");
    REQUIRE(callers.serves(10));
  }
  callers.end();
  CHECK(ended >= 10);
  CHECK(
    only(callers.failures(), {errc::connection_lost, errc::outcome_unknown}));
  auto told = false;
  for (auto& why : callers.errors())
    told |= why.state == "57P01";
  CHECK(told);
  CHECK(at_rest(db));
  auto now = look(db);
  CHECK(now.counters.lost >= ended / 2);
  CHECK(now.counters.opened
        == now.counters.lost + now.gauges.total() + now.counters.retired);
  nothing_leaked(server, db, 4);
}

TEST_CASE("a network that swallows everything is noticed within the deadlines",
          "[postgres][slow][T08][T16][trap-T27][trap-T54]") {
  actor_world world;
  auto& server = private_postgres::shared();
  chaos_proxy net{server.port()};
  auto config = resilient(server, 4);
  config.options["host"] = "127.0.0.1";
  config.options["port"] = std::to_string(net.port());
  config.acquire_timeout = 1s;
  config.execute_timeout = 500ms;
  config.open_timeout = 500ms;
  config.validation_bypass = 0s;
  config.health_check_timeout = 300ms;
  any_pool db{world.sys, config, make_postgres(config).value()};
  load callers{db, 8, quick_statement};
  REQUIRE(callers.serves());
  SECTION("and goes on later") {
    net.set(chaos_proxy::mode::stall);
  }
  SECTION("and lets nobody in") {
    net.lose_server();
    net.set(chaos_proxy::mode::blackhole);
  }
  REQUIRE(shows(db, [&](auto& x) {
    return x.counters.lost > 0 && x.counters.open_failures > 0;
  }));
  net.set(chaos_proxy::mode::pass);
  net.reset();
  REQUIRE(callers.serves(500));
  callers.end();
  CHECK(callers.longest() < longest_call);
  nothing_leaked(server, db, 4);
}

TEST_CASE("idle connections that died unseen cost nobody an error",
          "[postgres][V04][V06][trap-T27]") {
  actor_world world;
  auto& server = private_postgres::shared();
  auto config = resilient(server, 4);
  config.validation_bypass = 0s;
  config.max_validation_failures = 3;
  any_pool db{world.sys, config, make_postgres(config).value()};
  {
    std::vector<lease> all;
    for (int i = 0; i < 4; ++i) {
      all.push_back(db.acquire().value());
      REQUIRE(all.back().execute("SELECT 1").has_value());
    }
  }
  REQUIRE(at_rest(db));
  auto restarted = GENERATE(false, true);
  if (restarted)
    server.restart();
  else
    server.terminate_backends();
  auto rows = db.execute("SELECT 1", {});
  CHECK(rows.has_value());
  CHECK(look(db).counters.execute_errors == 0);
  nothing_leaked(server, db, 4);
}

#include "backend/postgres/postgres_support.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

void reset(connection& x, reset_policy policy = reset_policy::automatic) {
  auto ok = x.reset(policy, soon());
  if (!ok)
    FAIL(to_string(ok.error()));
  CHECK(x.state() == trace::clean);
}

std::string sessions(const char* where) {
  return private_postgres::shared().query(
    std::string{"SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' "
                "AND "}
    + where);
}

} // namespace

TEST_CASE("an open transaction is rolled back before the next holder",
          "[postgres][trap-T16][V01]") {
  auto& server = private_postgres::shared();
  server.query(
    "DROP TABLE IF EXISTS kept; CREATE TABLE kept (id int); GRANT "
    "ALL ON kept TO app");
  auto conn = open_one();
  auto policy = GENERATE(reset_policy::transaction, reset_policy::automatic,
                         reset_policy::full);
  SECTION("while it works") {
    must(*conn, "BEGIN");
    must(*conn, "INSERT INTO kept VALUES (1)");
    CHECK(conn->state() == trace::dirty);
    reset(*conn, policy);
  }
  SECTION("when it has failed") {
    must(*conn, "BEGIN");
    must(*conn, "INSERT INTO kept VALUES (1)");
    error_of(*conn, "SELECT 1/0");
    CHECK(conn->state() == trace::dirty);
    reset(*conn, policy);
  }
  SECTION("that the native handle began") {
    PQclear(PQexec(pg_raw(*conn), "BEGIN; INSERT INTO kept VALUES (1)"));
    reset(*conn, policy);
  }
  CHECK(number_of(*conn, "SELECT count(*) FROM kept") == 0);
  CHECK(sessions("state LIKE 'idle in transaction%'") == "0");
  server.query("DROP TABLE kept");
}

TEST_CASE("the next holder sees nothing of the one before",
          "[postgres][trap-T17][V11]") {
  auto conn = open_one();
  auto pid = backend_pid(*conn);
  auto by_native = GENERATE(false, true);
  auto leave = [&](const char* sql) {
    if (by_native)
      PQclear(PQexec(pg_raw(*conn), sql));
    else
      must(*conn, sql);
    CHECK(conn->state() == trace::dirty);
  };
  auto trace_of = [&](const char* sql) { return text_of(*conn, sql); };
  SECTION("settings") {
    leave("SET search_path TO elsewhere");
    leave("SET TIME ZONE 'Asia/Tokyo'");
    leave("SELECT set_config('caf_pool.tenant', 'x', false)");
    reset(*conn);
    CHECK(trace_of("SELECT current_setting('search_path')")
          == "\"$user\", public");
    CHECK(trace_of("SELECT coalesce(nullif(current_setting('caf_pool.tenant', "
                   "true), ''), 'none')")
          == "none");
    CHECK(trace_of("SELECT current_setting('TimeZone')") != "Asia/Tokyo");
  }
  SECTION("roles") {
    private_postgres::shared().query("GRANT guarded TO app");
    leave("SET ROLE guarded");
    reset(*conn);
    CHECK(trace_of("SELECT current_user") == "app");
    leave("SET SESSION AUTHORIZATION app");
    reset(*conn);
    CHECK(trace_of("SELECT current_user") == "app");
  }
  SECTION("temporary tables") {
    leave("CREATE TEMP TABLE mine (id int)");
    reset(*conn);
    CHECK(trace_of("SELECT coalesce(to_regclass('mine')::text, 'none')")
          == "none");
  }
  SECTION("advisory locks") {
    leave("SELECT pg_advisory_lock(7)");
    reset(*conn);
    CHECK(trace_of("SELECT count(*) FROM pg_locks WHERE locktype = "
                   "'advisory' AND pid = pg_backend_pid()")
          == "0");
  }
  SECTION("subscriptions") {
    leave("LISTEN news");
    reset(*conn);
    CHECK(must(*conn, "SELECT pg_listening_channels()").empty());
  }
  SECTION("cursors") {
    leave("DECLARE mine CURSOR WITH HOLD FOR SELECT 1");
    reset(*conn);
    CHECK(trace_of("SELECT count(*) FROM pg_cursors WHERE is_holdable") == "0");
  }
  SECTION("prepared statements of its own") {
    leave("PREPARE mine AS SELECT 1");
    reset(*conn);
    // The one that asks is not prepared yet.
    CHECK(trace_of("SELECT count(*) FROM pg_prepared_statements") == "0");
  }
  SECTION("what sequences remember") {
    leave("CREATE TEMP SEQUENCE mine");
    leave("SELECT nextval('mine')");
    reset(*conn);
    CHECK(error_of(*conn, "SELECT lastval()").state == "55000");
  }
  SECTION("all of it together, in a transaction that failed") {
    leave("SET work_mem = '1MB'");
    leave("BEGIN");
    leave("CREATE TEMP TABLE mine (id int)");
    if (!by_native)
      error_of(*conn, "SELECT 1/0");
    reset(*conn);
    CHECK(trace_of("SELECT current_setting('work_mem')") == "4MB");
  }
  CHECK(backend_pid(*conn) == pid);
}

TEST_CASE("a clean lease costs no round trip", "[postgres][trap-T17][V11]") {
  private_postgres server{
    {.max_connections = 20, .tls = false, .settings = {"log_statement = all"}}};
  auto conn = open_one(config_for(server));
  must(*conn, "SELECT 1");
  must(*conn, {"SELECT $1::int", {1}});
  CHECK(conn->state() == trace::clean);
  auto before = server.log().size();
  REQUIRE(conn->reset(reset_policy::automatic, soon()));
  REQUIRE(conn->reset(reset_policy::transaction, soon()));
  REQUIRE(conn->reset(reset_policy::none, soon()));
  CHECK(server.log().size() == before);
  REQUIRE(conn->reset(reset_policy::full, soon()));
  CHECK_THAT(server.log().substr(before), ContainsSubstring("RESET ALL"));
}

TEST_CASE("our prepared statements survive a full reset", "[postgres]") {
  auto conn = open_one();
  sql_statement count{"SELECT count(*) FROM pg_prepared_statements"};
  must(*conn, count);
  CHECK(number_of(*conn, count) == 1);
  reset(*conn, reset_policy::full);
  CHECK(number_of(*conn, count) == 1);
}

TEST_CASE("a policy does no more than it says", "[postgres]") {
  auto conn = open_one();
  must(*conn, "SET work_mem = '1MB'");
  must(*conn, "BEGIN");
  SECTION("transaction") {
    reset(*conn, reset_policy::transaction);
    CHECK(text_of(*conn, "SELECT current_setting('work_mem')") == "1MB");
  }
  SECTION("none") {
    REQUIRE(conn->reset(reset_policy::none, soon()));
    CHECK(conn->state() == trace::dirty);
    CHECK(text_of(*conn, "SELECT current_setting('work_mem')") == "1MB");
    must(*conn, "COMMIT");
  }
}

TEST_CASE("a reset that fails gives the connection up",
          "[postgres][V02][V03]") {
  SECTION("because the server is gone") {
    auto conn = open_one();
    must(*conn, "BEGIN");
    private_postgres::shared().terminate_backends();
    auto ok = conn->reset(reset_policy::automatic, soon());
    REQUIRE_FALSE(ok);
    CHECK(ok.error().code == errc::connection_lost);
    CHECK(ok.error().state == "57P01");
    CHECK(conn->state() == trace::broken);
  }
  SECTION("because a reply is in the way") {
    auto conn = open_one();
    auto* raw = pg_raw(*conn);
    auto how = GENERATE(0, 1, 2, 3);
    if (how == 0)
      REQUIRE(PQsendQuery(raw, "SELECT 1") == 1);
    else if (how == 1)
      PQclear(PQexec(raw, "COPY (SELECT 1) TO STDOUT"));
    else if (how == 2)
      PQclear(PQexec(raw, "CREATE TEMP TABLE t (i int); COPY t FROM STDIN"));
    else
      REQUIRE(PQenterPipelineMode(raw) == 1);
    CHECK(conn->state() == trace::broken);
    CHECK_FALSE(conn->reset(reset_policy::automatic, soon()));
    CHECK_FALSE(conn->probe(soon()));
    CHECK(error_of(*conn, "SELECT 1").code == errc::connection_lost);
  }
  SECTION("because the server does not answer") {
    auto conn = open_one();
    must(*conn, "BEGIN");
    frozen server{private_postgres::shared()};
    auto took = time_of(
      [&] { CHECK_FALSE(conn->reset(reset_policy::automatic, soon(200ms))); });
    CHECK(took < no_hang);
    CHECK(conn->state() == trace::broken);
  }
}

TEST_CASE("a statement whose caller gave up does not reach the next holder",
          "[postgres][trap-T18][V14]") {
  CHECK(one_survives([](connection& conn) {
    auto pid = backend_pid(conn);
    must(conn, "BEGIN");
    error_of(conn, "SELECT pg_sleep(300)", 100ms);
    if (conn.state() == trace::broken)
      return false;
    CHECK(conn.state() == trace::dirty);
    reset(conn);
    // Right answers to the right questions.
    for (int i = 0; i < 20; ++i)
      CHECK(number_of(conn, {"SELECT $1::int", {i}}) == i);
    CHECK(backend_pid(conn) == pid);
    return true;
  }));
}

TEST_CASE("a late cancel never hits the next holder", "[postgres][trap-T19]") {
  auto conn = open_one();
  auto pid = backend_pid(*conn);
  int cancelled = 0;
  for (int round = 0; round < 100; ++round) {
    // Somebody cancels at about the time at which the statement ends.
    std::thread rival{[&] { conn->cancel(); }};
    auto rows
      = conn->execute({"SELECT pg_sleep($1)", {0.0002 * (round % 10)}}, soon());
    if (!rows) {
      ++cancelled;
      CHECK(rows.error().code == errc::cancelled);
    }
    rival.join();
    // The lease ends: from here on nothing of it may be felt.
    auto ok = conn->reset(reset_policy::automatic, soon());
    REQUIRE(ok);
    CHECK(conn->state() == trace::clean);
    CHECK(number_of(*conn, {"SELECT $1::int", {round}}) == round);
  }
  INFO(cancelled << " of 100 were cancelled");
  CHECK(backend_pid(*conn) == pid);
}

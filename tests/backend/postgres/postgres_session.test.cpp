#include "caf_pool/backend/postgres/pg_conninfo.hpp"

#include "backend/postgres/postgres_support.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdlib>
#include <memory>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

error refusal(const pool_config& config, duration limit = patience) {
  auto conn = make(config)->open(soon(limit));
  REQUIRE_FALSE(conn);
  INFO(to_string(conn.error()));
  return conn.error();
}

int socket_option(PGconn* raw, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  CHECK(::getsockopt(PQsocket(raw), level, name, &value, &size) == 0);
  return value;
}

} // namespace

// -- what a session is --------------------------------------------------------

TEST_CASE("a session begins as the options say", "[postgres]") {
  auto config = shared_config();
  config.name = "orders";
  config.options["statement_timeout"] = "7s";
  config.options["lock_timeout"] = "1500ms";
  config.options["idle_in_transaction_timeout"] = "1min";
  config.options["search_path"] = "a b, \"c\"\"d\\e\",public";
  auto inside_login = GENERATE(true, false);
  config.options["startup_options"] = inside_login ? "true" : "false";
  auto conn = open_one(config);
  auto setting = [&](const char* name) {
    return text_of(*conn, {"SELECT current_setting($1)", {name}});
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(setting("application_name") == "caf_pool/orders");
    CHECK(setting("statement_timeout") == "7s");
    CHECK(setting("lock_timeout") == "1500ms");
    CHECK(setting("idle_in_transaction_session_timeout") == "1min");
    CHECK_THAT(setting("search_path"), StartsWith(R"("a b", "c""""d\e", )")
                                         && ContainsSubstring("public"));
    CHECK(setting("client_encoding") == "UTF8");
    // A full reset returns to the same.
    must(*conn, "SET search_path TO elsewhere");
    must(*conn, "SET statement_timeout TO '1h'");
    REQUIRE(conn->reset(reset_policy::full, soon()));
  }
}

TEST_CASE("what init says is run first, and again after a full reset",
          "[postgres][trap-T22][V08]") {
  auto config = shared_config();
  config.name = "init";
  SECTION("it works") {
    config.options["init"] = "SET work_mem = '5MB'; SET lock_timeout = 77";
    auto conn = open_one(config);
    CHECK(text_of(*conn, "SELECT current_setting('work_mem')") == "5MB");
    must(*conn, "SET work_mem = '6MB'");
    REQUIRE(conn->reset(reset_policy::full, soon()));
    CHECK(text_of(*conn, "SELECT current_setting('work_mem')") == "5MB");
  }
  SECTION("it fails") {
    config.options["init"] = "SELECT 1/0";
    auto why = refusal(config);
    CHECK(why.code == errc::open_refused);
    CHECK(why.state == "22012");
    CHECK_THAT(why.message, ContainsSubstring("init"));
  }
  SECTION("it leaves a transaction open") {
    config.options["init"] = "BEGIN";
    CHECK(refusal(config).code == errc::open_refused);
  }
  SECTION("it takes too long") {
    config.options["init"] = "SELECT pg_sleep(300)";
    CHECK(refusal(config, 200ms).code == errc::open_timeout);
  }
  // None of them left a session behind.
  CHECK(eventually([] {
    return private_postgres::shared().query(
             "SELECT count(*) FROM pg_stat_activity WHERE application_name "
             "= 'caf_pool/init'")
           == "0";
  }));
}

TEST_CASE("a server with the wrong role is no server",
          "[postgres][trap-T22][trap-T54]") {
  auto& server = private_postgres::shared();
  auto config = shared_config();
  config.options["target_session_attrs"] = "standby";
  CHECK(refusal(config).code == errc::open_failed);
  config.options["target_session_attrs"] = "read-write";
  CHECK(open_one(config));
  server.query("ALTER ROLE app SET default_transaction_read_only = on");
  CHECK(refusal(config).code == errc::open_failed);
  server.query("ALTER ROLE app RESET default_transaction_read_only");
  CHECK(open_one(config));
}

TEST_CASE("dead peers are noticed by default settings of the socket",
          "[postgres][trap-T54]") {
  auto config = tcp_config(private_postgres::shared());
  auto conn = open_one(config);
  auto* raw = pg_raw(*conn);
  CHECK(socket_option(raw, IPPROTO_TCP, TCP_USER_TIMEOUT) == 10000);
  CHECK(socket_option(raw, SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(socket_option(raw, IPPROTO_TCP, TCP_KEEPIDLE) == 10);
  CHECK(socket_option(raw, IPPROTO_TCP, TCP_KEEPINTVL) == 5);
  CHECK(socket_option(raw, IPPROTO_TCP, TCP_KEEPCNT) == 3);
  config.options["tcp_user_timeout"] = "1500ms";
  config.options["keepalives_idle"] = "0";
  conn = open_one(config);
  raw = pg_raw(*conn);
  CHECK(socket_option(raw, IPPROTO_TCP, TCP_USER_TIMEOUT) == 1500);
  CHECK(socket_option(raw, SOL_SOCKET, SO_KEEPALIVE) == 1);
}

TEST_CASE("a server notices that its client is gone", "[postgres]") {
  auto config = tcp_config(private_postgres::shared());
  config.options["tcp_user_timeout"] = "7s";
  config.options["keepalives_count"] = "4";
  config.options["startup_options"] = GENERATE("true", "false");
  auto conn = open_one(config);
  auto shown
    = [&](const std::string& name) { return text_of(*conn, "SHOW " + name); };
  for (int i = 0; i < 2; ++i) {
    CHECK(shown("tcp_keepalives_idle") == "10");
    CHECK(shown("tcp_keepalives_interval") == "5");
    CHECK(shown("tcp_keepalives_count") == "4");
    CHECK(shown("tcp_user_timeout") == "7000");
    CHECK(shown("client_connection_check_interval") == "10s");
    must(*conn, "SET tcp_user_timeout = 0");
    must(*conn, "SET client_connection_check_interval = 0");
    REQUIRE(conn->reset(reset_policy::full, soon()));
  }
}

TEST_CASE("a server that lacks a setting gets a login without it",
          "[postgres]") {
  auto options = std::make_shared<pg_options>();
  auto refuse = [&](std::size_t known) {
    *options->known_liveness = known;
    return pg_startup_options(*options);
  };
  CHECK_THAT(refuse(5), ContainsSubstring("client_connection_check_interval"));
  CHECK_THAT(refuse(4), !ContainsSubstring("client_connection_check_interval")
                          && ContainsSubstring("tcp_user_timeout"));
  CHECK_THAT(refuse(0), !ContainsSubstring("tcp_"));
}

TEST_CASE("what a role says of the form of values changes none", "[postgres]") {
  auto& server = private_postgres::shared();
  server.query(
    "ALTER ROLE app SET extra_float_digits = 0;"
    "ALTER ROLE app SET DateStyle = 'SQL, DMY';"
    "ALTER ROLE app SET bytea_output = 'escape';"
    "ALTER ROLE app SET IntervalStyle = 'iso_8601'");
  auto config = shared_config();
  config.options["startup_options"] = GENERATE("true", "false");
  auto conn = open_one(config);
  server.query("ALTER ROLE app RESET ALL");
  for (int i = 0; i < 2; ++i) {
    CHECK(one_cell(must(*conn, {"SELECT $1::float8", {0.1 + 0.2}}))
          == sql_value{0.1 + 0.2});
    CHECK(one_cell(must(*conn, "SELECT '1.17549435e-38'::float4::float8"))
          == sql_value{double{1.17549435e-38F}});
    CHECK(text_of(*conn, "SELECT (0.1::float8 + 0.2)::text")
          == "0.30000000000000004");
    CHECK(text_of(*conn, "SELECT '03/02/2024'::date") == "2024-03-02");
    CHECK(text_of(*conn, "SELECT '1 day 02:00'::interval") == "1 day 02:00:00");
    CHECK(text_of(*conn, "SELECT '\\x00ff'::bytea::text") == "\\x00ff");
    REQUIRE(conn->reset(reset_policy::full, soon()));
  }
}

TEST_CASE("the date style of the environment changes no value", "[postgres]") {
  private_postgres::shared(); // begins without it
  ::setenv("PGDATESTYLE", "SQL, DMY", 1);
  auto conn = open_one();
  for (int i = 0; i < 2; ++i) {
    CHECK(text_of(*conn, "SELECT '03/02/2024'::date") == "2024-03-02");
    REQUIRE(conn->reset(reset_policy::full, soon()));
  }
  ::unsetenv("PGDATESTYLE");
}

TEST_CASE("a validation query is what a probe runs", "[postgres]") {
  auto& server = private_postgres::shared();
  auto config = shared_config();
  SECTION("it works until it fails") {
    server.query(
      "DROP TABLE IF EXISTS pulse; CREATE TABLE pulse (); GRANT ALL "
      "ON pulse TO app");
    config.validation_query = "SELECT * FROM pulse";
    auto conn = open_one(config);
    CHECK(conn->probe(soon()));
    CHECK(conn->state() == trace::clean);
    server.query("DROP TABLE pulse");
    auto alive = conn->probe(soon());
    REQUIRE_FALSE(alive);
    CHECK(alive.error().code == errc::connection_lost);
    CHECK(alive.error().state == "42P01");
    CHECK(conn->state() == trace::broken);
  }
  SECTION("one that cannot work is told at the first opening") {
    config.validation_query = "SELEC 1";
    auto why = refusal(config);
    CHECK(why.code == errc::open_refused);
    CHECK(why.state == "42601");
    CHECK_THAT(why.message, ContainsSubstring("validation_query"));
  }
  SECTION("one that leaves a transaction open, too") {
    config.validation_query = "BEGIN";
    CHECK(refusal(config).code == errc::open_refused);
  }
}

#include "backend/postgres/postgres_support.hpp"

#include <string>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

// A server that takes nobody without TLS; its certificate names "localhost".
private_postgres& tls_server() {
  static private_postgres server{
    {.max_connections = 20, .tls = true, .settings = {}}};
  static bool strict = false;
  if (!strict) {
    server.set_tcp_rules(
      {"hostssl all app 127.0.0.1/32 trust", "hostssl all app ::1/128 trust"});
    strict = true;
  }
  return server;
}

pool_config tls_config(std::string host) {
  auto config = tcp_config(tls_server(), std::move(host));
  config.options["sslmode"] = "verify-full";
  config.options["sslrootcert"] = tls_server().tls().ca.string();
  return config;
}

} // namespace

TEST_CASE("a server with the right certificate is spoken to in secret",
          "[postgres][X01]") {
  auto conn = open_one(tls_config("localhost"));
  CHECK(text_of(*conn,
                "SELECT ssl::text FROM pg_stat_ssl WHERE pid = "
                "pg_backend_pid()")
        == "true");
}

TEST_CASE(
  "a certificate that cannot be trusted ends the login, with no way "
  "around it",
  "[postgres][X01]") {
  auto config = tls_config("localhost");
  SECTION("because a stranger signed it") {
    config.options["sslrootcert"] = tls_server().tls().other_ca.string();
  }
  SECTION("because it names another host") {
    config = tls_config("127.0.0.1");
  }
  auto conn = make(config)->open(soon());
  REQUIRE_FALSE(conn);
  INFO(to_string(conn.error()));
  CHECK(conn.error().code == errc::open_refused);
  CHECK_THAT(conn.error().message, ContainsSubstring("certificate"));
  CHECK(tls_server().query("SELECT count(*) FROM pg_stat_activity WHERE "
                           "usename = 'app'")
        == "0");
}

TEST_CASE("a server that wants no TLS is not spoken to in the open",
          "[postgres][X01]") {
  auto config = tcp_config(private_postgres::shared(), "localhost");
  config.options["sslmode"] = "verify-full";
  config.options["sslrootcert"] = tls_server().tls().ca.string();
  auto conn = make(config)->open(soon());
  REQUIRE_FALSE(conn);
  INFO(to_string(conn.error()));
  CHECK((conn.error().code == errc::open_refused
         || conn.error().code == errc::open_failed));
}

#include "caf_pool/backend/postgres/pg_conninfo.hpp"
#include "caf_pool/backend/postgres/pg_sqlstate.hpp"
#include "caf_pool/net/resolve.hpp"

#include "backend/postgres/postgres_support.hpp"
#include "support/chaos_proxy.hpp"
#include "support/free_port.hpp"

#include <cstdlib>
#include <map>
#include <optional>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

error refusal(const pool_config& config, duration limit = patience) {
  auto conn = make(config)->open(soon(limit));
  REQUIRE_FALSE(conn);
  INFO(to_string(conn.error()));
  return conn.error();
}

pool_config guarded_config() {
  auto config = tcp_config(private_postgres::shared());
  config.options["user"] = "guarded";
  config.password = secret{std::string{private_postgres::guarded_password}};
  return config;
}

// Sets environment variables for a scope. No other thread may look at them.
class environment {
public:
  explicit environment(std::map<std::string, std::string> vars)
    : vars_(std::move(vars)) {
    for (auto& [key, value] : vars_)
      ::setenv(key.c_str(), value.c_str(), 1);
  }

  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

  ~environment() {
    for (auto& [key, value] : vars_)
      ::unsetenv(key.c_str());
  }

private:
  std::map<std::string, std::string> vars_;
};

} // namespace

// -- what the server says -----------------------------------------------------

TEST_CASE("a login that cannot heal is refused with its SQLSTATE",
          "[postgres][trap-T39]") {
  SECTION("wrong password") {
    auto config = guarded_config();
    config.password = secret{"wrong password"};
    auto why = refusal(config);
    CHECK(why.code == errc::open_refused);
    CHECK(why.state == "28P01");
    CHECK_THAT(why.message, ContainsSubstring("guarded@127.0.0.1"));
    CHECK_THAT(why.message, ContainsSubstring("trying again will not help"));
  }
  SECTION("no password") {
    auto config = guarded_config();
    config.password = {};
    CHECK(refusal(config).code == errc::open_refused);
  }
  SECTION("unknown database") {
    auto config = shared_config();
    config.options["database"] = "nowhere";
    auto why = refusal(config);
    CHECK(why.code == errc::open_refused);
    CHECK(why.state == "3D000");
  }
  SECTION("unknown role") {
    auto config = shared_config();
    config.options["user"] = "nobody";
    auto why = refusal(config);
    CHECK(why.code == errc::open_refused);
    CHECK(why.state == "28000");
  }
}

TEST_CASE("a login that may heal fails in another way",
          "[postgres][trap-T39]") {
  SECTION("nobody listens") {
    auto config = tcp_config(private_postgres::shared());
    config.options["port"] = std::to_string(free_port());
    auto why = refusal(config);
    CHECK(why.code == errc::open_failed);
    CHECK(why.state.empty());
    CHECK(retryable(why.code));
    config.options["host"] = "/nonexistent";
    CHECK(refusal(config).code == errc::open_failed);
  }
  SECTION("too many clients") {
    private_postgres small{
      {.max_connections = 8, .tls = false, .settings = {}}};
    auto full = small.exhaust_connections();
    auto why = refusal(config_for(small));
    CHECK(why.code == errc::open_failed);
    CHECK(why.state == "53300");
    CHECK_THAT(why.message, ContainsSubstring("max_size"));
  }
  SECTION("unknown host") {
    auto config = shared_config();
    config.options["host"] = "no-such-host.invalid";
    CHECK(refusal(config).code == errc::open_failed);
  }
}

TEST_CASE("SQLSTATEs are found in verbose texts, whatever their language",
          "[postgres]") {
  CHECK(pg_sqlstate_in("connection to server on socket \"/x\" failed: FATAL:  "
                       "3D000: database \"x\" does not exist")
        == "3D000");
  CHECK(pg_sqlstate_in("\xD0\x92\xD0\x90\xD0\x96\xD0\x9D\xD0\x9E:  28P01: ...")
        == "28P01");
  CHECK(pg_sqlstate_in("failed: Connection refused").empty());
  CHECK(pg_sqlstate_in("FATAL:  some: thing").empty());
  CHECK(pg_sqlstate_in("").empty());
  CHECK(pg_sqlstate_in(":  ").empty());
}

// -- deadlines ----------------------------------------------------------------

TEST_CASE("one deadline covers a server that does not answer the login",
          "[postgres][T07]") {
  chaos_proxy net{private_postgres::shared().port()};
  auto config = tcp_config(private_postgres::shared());
  config.options["port"] = std::to_string(net.port());
  config.options["sslmode"] = "disable";
  net.set(chaos_proxy::mode::stall);
  std::optional<error> why;
  auto took = time_of([&] { why = refusal(config, 300ms); });
  CHECK(why->code == errc::open_timeout);
  CHECK_THAT(why->message, ContainsSubstring("waiting for an answer"));
  CHECK(took >= 300ms);
  CHECK(took < no_hang);
  // The half-made connection is gone.
  net.set(chaos_proxy::mode::pass);
  CHECK(eventually([&] { return net.open() == 0; }));
}

TEST_CASE("one deadline covers a network that drops packets",
          "[postgres][T08]") {
  chaos_proxy net{private_postgres::shared().port()};
  net.set(chaos_proxy::mode::blackhole);
  auto config = tcp_config(private_postgres::shared());
  config.options["port"] = std::to_string(net.port());
  std::optional<error> why;
  auto took = time_of([&] { why = refusal(config, 300ms); });
  CHECK(why->code == errc::open_timeout);
  CHECK_THAT(why->message, ContainsSubstring("while connecting"));
  CHECK(took >= 300ms);
  CHECK(took < no_hang);
}

TEST_CASE("a deadline that has passed starts no connection",
          "[postgres][T06]") {
  chaos_proxy net{private_postgres::shared().port()};
  auto config = tcp_config(private_postgres::shared());
  config.options["port"] = std::to_string(net.port());
  CHECK(refusal(config, -1s).code == errc::open_timeout);
  CHECK(net.connects() == 0);
}

TEST_CASE("a dead host of a list leaves time for the next one",
          "[postgres][trap-T54]") {
  auto& server = private_postgres::shared();
  auto config = config_for(server);
  SECTION("that refuses") {
    config.options["host"] = "/nonexistent," + server.socket_dir();
    CHECK(make(config)->open(soon()));
  }
  SECTION("that cannot be found") {
    config.options["host"] = "no-such-host.invalid," + server.socket_dir();
    CHECK(make(config)->open(soon()));
  }
  SECTION("that does not answer") {
    // Both listen on the server's port, on different addresses of loopback.
    config.options["host"] = "192.0.2.1,127.0.0.1";
    config.options["insecure_tls"] = "true";
    config.options["sslmode"] = "prefer";
    auto conn = make(config)->open(soon());
    INFO((conn ? std::string{} : to_string(conn.error())));
    CHECK(conn);
  }
}

// -- secrets and surroundings -------------------------------------------------

TEST_CASE("libpq's environment variables change nothing", "[postgres][X02]") {
  private_postgres::shared(); // begins without them
  environment hostile{{
    {"PGHOST", "evil.example"},
    {"PGHOSTADDR", "192.0.2.1"},
    {"PGPORT", "1"},
    {"PGDATABASE", "evil"},
    {"PGUSER", "evil"},
    {"PGPASSWORD", "evil"},
    {"PGPASSFILE", "/evil"},
    {"PGOPTIONS", "-c search_path=evil"},
    {"PGAPPNAME", "evil"},
    {"PGSSLMODE", "verify-full"},
    {"PGSSLROOTCERT", "/evil"},
    {"PGSSLCRL", "/evil"},
    {"PGGSSENCMODE", "require"},
    {"PGCLIENTENCODING", "LATIN1"},
    {"PGTARGETSESSIONATTRS", "standby"},
    {"PGCONNECT_TIMEOUT", "1"},
    {"PGCHANNELBINDING", "require"},
  }};
  for (auto by_tcp : {false, true}) {
    auto& server = private_postgres::shared();
    auto config = by_tcp ? tcp_config(server) : config_for(server);
    config.options["statement_timeout"] = "0";
    auto conn = open_one(config);
    CHECK(text_of(*conn, "SELECT current_user || current_database()")
          == "appapp");
    CHECK(text_of(*conn, "SELECT current_setting('search_path')")
          == "\"$user\", public");
    CHECK(text_of(*conn, "SELECT current_setting('client_encoding')")
          == "UTF8");
  }
  // Nor does somebody else's password log anybody in.
  ::setenv("PGPASSWORD",
           std::string{private_postgres::guarded_password}.c_str(), 1);
  auto config = guarded_config();
  config.password = {};
  CHECK(refusal(config).code == errc::open_refused);
}

TEST_CASE("no text holds the password", "[postgres][X02]") {
  std::string canary{private_postgres::guarded_password};
  auto config = guarded_config();
  auto server = make(config);
  CHECK_THAT(server->describe(), !ContainsSubstring(canary));
  auto conn = server->open(soon()).value();
  // A server that repeats what it should not.
  auto why = error_of(*conn, "SELECT '" + canary + "'::int");
  CHECK_THAT(why.message, !ContainsSubstring(canary));
  CHECK_THAT(why.message, ContainsSubstring("***"));
  config.options["init"] = "SELECT '" + canary + "'::int";
  CHECK_THAT(refusal(config).message, !ContainsSubstring(canary));
  config.options["init"] = "";
  config.options["database"] = canary;
  CHECK_THAT(refusal(config).message, ContainsSubstring("***"));
  pg_conninfo info{pg_options{}, "db", {}};
  CHECK(info.value("password").empty());
}

#include "backend/postgres_support.hpp"

#include <string>
#include <string_view>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using options = std::map<std::string, std::string>;

options options_of(std::string_view text) {
  auto config = parse_postgres_url(text);
  if (!config)
    FAIL(text << ": " << to_string(config.error()));
  CHECK(config->backend == "postgres");
  return config->options;
}

std::string refusal_of(std::string_view text) {
  auto config = parse_postgres_url(text);
  INFO(text);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == errc::invalid_argument);
  return config.error().message;
}

} // namespace

TEST_CASE("a connection URL names the server", "[postgres]") {
  CHECK(options_of("postgres://app@db.example:5433/orders")
        == options{{"host", "db.example"},
                   {"port", "5433"},
                   {"user", "app"},
                   {"database", "orders"}});
  CHECK(options_of("postgresql://db") == options{{"host", "db"}});
  CHECK(options_of("postgres://").empty());
  CHECK(options_of("postgres:///orders") == options{{"database", "orders"}});
  CHECK(options_of("postgres://[::1]:6000")
        == options{{"host", "::1"}, {"port", "6000"}});
  CHECK(options_of("postgres://%2Fvar%2Frun%2Fpostgresql/orders")
        == options{{"host", "/var/run/postgresql"}, {"database", "orders"}});
  CHECK(options_of("postgres://a:1,b:1/x")
        == options{{"host", "a,b"}, {"port", "1"}, {"database", "x"}});
}

TEST_CASE("a connection URL's query sets options", "[postgres]") {
  CHECK(options_of("postgres://db/x?sslmode=verify-full&sslrootcert=%2Fca.crt"
                   "&statement_cache=0&dbname=y")
        == options{{"host", "db"},
                   {"database", "y"},
                   {"sslmode", "verify-full"},
                   {"sslrootcert", "/ca.crt"},
                   {"statement_cache", "0"}});
  // libpq's numbers have no units, ours have.
  CHECK(options_of("postgres://?tcp_user_timeout=1500&keepalives_idle=7")
        == options{{"tcp_user_timeout", "1500ms"}, {"keepalives_idle", "7s"}});
  CHECK(
    parse_postgres_url("postgres://db?connect_timeout=7").value().open_timeout
    == 7s);
  CHECK(
    parse_postgres_url("postgres://db?connect_timeout=0").value().open_timeout
    == pool_config{}.open_timeout);
}

TEST_CASE("key=value connection strings are read as libpq does", "[postgres]") {
  CHECK(options_of("host=db dbname = orders  user=app")
        == options{{"host", "db"}, {"database", "orders"}, {"user", "app"}});
  CHECK(options_of("application_name='it is' host=a\\ b")
        == options{{"application_name", "it is"}, {"host", "a b"}});
  CHECK(options_of(R"(application_name='it\'s \\ here')")
        == options{{"application_name", R"(it's \ here)"}});
  CHECK(options_of("").empty());
}

TEST_CASE("a password in a connection string is a secret from then on",
          "[postgres][X02]") {
  for (auto text :
       {"postgres://app:S3cr3t%40_%25@db/x", "postgres://app:S3cr3t@_%25@db/x",
        "host=db user=app dbname=x password=S3cr3t@_%"}) {
    INFO(text);
    auto config = parse_postgres_url(text).value();
    CHECK(config.password.reveal() == "S3cr3t@_%");
    CHECK(config.options
          == options{{"host", "db"}, {"user", "app"}, {"database", "x"}});
  }
}

TEST_CASE("a bad connection string is refused without repeating it",
          "[postgres][X02]") {
  for (auto text : {
         "postgres://app:S3cr3t@db?sslmod=require",
         "postgres://app:S3cr3t%4@db",
         "postgres://app:S3cr3t@[::1",
         "postgres://app:S3cr3t@a:1,b:2",
         "postgres://app:S3cr3t@db?sslmode",
         "password=S3cr3t bla",
         "password='S3cr3t",
         "password=S3cr3t hots=db",
         "mysql://app:S3cr3t@db",
         "postgres://app:S3cr3t@db?connect_timeout=soon",
       })
    CHECK_THAT(refusal_of(text), !ContainsSubstring("S3cr3t"));
  CHECK_THAT(refusal_of("postgres://db?sslmod=require"),
             ContainsSubstring("did you mean \"sslmode\"?"));
  CHECK_THAT(refusal_of("hots=db"),
             ContainsSubstring("did you mean \"host\"?"));
  refusal_of(std::string_view{"host=a\0b", 8});
}

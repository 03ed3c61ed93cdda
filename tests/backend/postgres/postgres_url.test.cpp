#include "backend/postgres/postgres_support.hpp"

#include <libpq-fe.h>
#include <rapidcheck.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

std::string escaped(std::string_view text) {
  constexpr auto* digits = "0123456789ABCDEF";
  std::string result;
  for (auto c : text) {
    auto x = static_cast<unsigned char>(c);
    result += {'%', digits[x >> 4], digits[x & 15]};
  }
  return result;
}

/// Returns what libpq reads under a key; nothing if it refuses the text.
std::optional<std::string> libpq_reads(const std::string& text,
                                       std::string_view key) {
  std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> found{
    PQconninfoParse(text.c_str(), nullptr), PQconninfoFree};
  if (!found)
    return std::nullopt;
  for (auto* x = found.get(); x->keyword != nullptr; ++x)
    if (key == x->keyword && x->val != nullptr)
      return x->val;
  return "";
}

/// Returns the beginning with many pieces behind it.
std::string made_of(std::string text, std::vector<std::string> pieces) {
  using list = std::vector<std::string>;
  auto piece = rc::gen::elementOf(std::move(pieces));
  for (auto& x : *rc::gen::container<list>(piece))
    text += x;
  return text;
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
  CHECK(options_of("postgres://:7/x")
        == options{{"port", "7"}, {"database", "x"}});
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
  CHECK(options_of("postgres://db?") == options{{"host", "db"}});
  CHECK(options_of("postgres://?user=a&") == options{{"user", "a"}});
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
  CHECK(options_of("host=a,b port=1,1 user=''")
        == options{{"host", "a,b"}, {"port", "1"}, {"user", ""}});
  // Among libpq's keys are some of ours, which it does not know.
  CHECK(options_of("statement_cache='0'host=db init=a\\ 'b")
        == options{{"statement_cache", "0"}, {"host", "db"}, {"init", "a 'b"}});
}

TEST_CASE("a password in a connection string is a secret from then on",
          "[postgres][X02]") {
  for (auto text : {"postgres://app:S3cr3t%40_%25@db/x",
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
         "password=S3cr3t\\",
         "password=S3cr3t = x",
         "password=S3cr3t hots=db",
         "host=db port=S3cr3t",
         "mysql://app:S3cr3t@db",
         "postgres://app:S3cr3t@db?connect_timeout=soon",
         // A password that was not escaped is read as something else.
         "postgres://app:9/S3cr3t@db/x",
         "postgres://app:9?S3cr3t@db/x",
         "postgres://app:9#S3cr3t@db/x",
         "postgres://app:S3cr3t@part@db/x",
         "postgres://app:S3cr3t part@db/x",
         "postgres://app:S3cr3t\npart@db/x",
         "postgres://app:S3cr3t",
         "postgres://app:S3cr3t/x",
         "postgres://app:9,S3cr3t:x@db:1:2/x",
         "postgres://app:9/S3cr3t/x",
         "postgres://db?S3cr3t",
         "postgres://db?S3cr3t=1",
         "postgres://db?sslmode=S3cr3t=1",
         "postgres://db:S3cr3t@/x?port=1&S3cr3t",
         "host=db password=my S3cr3t",
         "host=db password=my S3cr3t=x",
         "host=db password=my 'S3cr3t=x",
         // These hold no secret and make no sense either.
         "postgres://a,,b/x",
         "postgres://a,/x",
         "postgres://,a/x",
         "postgres://a:/x",
         "postgres://a:1,b/x",
         "postgres://a:123456/x",
         "postgres://a:-1/x",
         "postgres://a:5432x/x",
         "postgres://[::1/x",
         "postgres://[::1]x/x",
         "postgres://a/x/y",
         "postgres://%00/x",
       })
    CHECK_THAT(refusal_of(text), !ContainsSubstring("S3cr3t"));
  CHECK_THAT(refusal_of("postgres://db?sslmod=require"),
             ContainsSubstring("did you mean \"sslmode\"?"));
  CHECK_THAT(refusal_of("hots=db"),
             ContainsSubstring("did you mean \"host\"?"));
  refusal_of(std::string_view{"host=a\0b", 8});
}

TEST_CASE("a password that was not escaped is told how", "[postgres][X02]") {
  CHECK_THAT(refusal_of("postgres://app:9/Sup3rS3cret@host/shop"),
             ContainsSubstring("%2F") && ContainsSubstring("%40"));
  CHECK_THAT(refusal_of("postgres://app:a@b@host/shop"),
             ContainsSubstring("%40"));
  CHECK_THAT(refusal_of("postgres://app:a#b@host/shop"),
             ContainsSubstring("%23"));
  CHECK_THAT(refusal_of("postgres://app:a%b@host/shop"),
             ContainsSubstring("%25"));
  // With the escapes it works.
  auto config = parse_postgres_url(
    "postgres://app:9%2FSup3r%3F%23%40%3A%25%20@host:1/shop");
  REQUIRE(config);
  CHECK(config->password.reveal() == "9/Sup3r?#@:% ");
  CHECK(
    config->options
    == options{
      {"host", "host"}, {"port", "1"}, {"user", "app"}, {"database", "shop"}});
}

TEST_CASE("a connection URL is read as libpq does", "[postgres]") {
  // Whatever the parts are, escaped they come back.
  CHECK(rc::check([](const std::string& user, const std::string& password,
                     const std::string& database) {
    for (auto* x : {&user, &password, &database})
      RC_PRE(x->find('\0') == std::string::npos);
    auto config
      = parse_postgres_url("postgres://" + escaped(user) + ':'
                           + escaped(password) + "@db/" + escaped(database));
    RC_ASSERT(config.has_value());
    RC_ASSERT(config->password.reveal() == password);
    auto given = [&](const char* key) {
      auto i = config->options.find(key);
      return i != config->options.end() ? i->second : std::string{};
    };
    RC_ASSERT(given("user") == user);
    RC_ASSERT(given("database") == database);
  }));
  // Whatever the text is, it is refused or read as libpq reads it, and never
  // shown.
  CHECK(rc::check([] {
    auto text = made_of(
      "postgres://", {"/",  ":",   "@",    "?",    "#", "%",   "%41", "[",
                      "]",  ",",   "&",    "=",    " ", "app", "9",   "S3cr3t",
                      "db", "::1", "user", "host", "'", "\\",  "\n"});
    auto config = parse_postgres_url(text);
    if (config)
      RC_ASSERT(libpq_reads(text, "password") == config->password.reveal());
    else
      RC_ASSERT(config.error().message.find("S3cr3t") == std::string::npos);
  }));
}

TEST_CASE("pairs are read as libpq reads them", "[postgres]") {
  CHECK(rc::check([] {
    auto text = made_of("", {"password", "user", "init", "=", "='", "'", "\\",
                             " ", "\n", "S3cr3t", "password=", " user='"});
    auto config = parse_postgres_url(text);
    if (!config)
      RC_ASSERT(config.error().message.find("S3cr3t") == std::string::npos);
    else if (!config->options.contains("init")) {
      RC_ASSERT(libpq_reads(text, "password") == config->password.reveal());
      RC_ASSERT(libpq_reads(text, "user") == config->options["user"]);
    }
  }));
}

TEST_CASE("a host is a host and nothing else", "[postgres][X02]") {
  for (auto* host :
       {"db:5432", "a b", " a", "a,,b", "a,", ",", "", "[::1]", "::1]:5432",
        "app:S3cr3t@db", "postgres://app:S3cr3t@db/x", "a\nb", "/tmp/a\nb",
        "db;S3cr3t", "db/S3cr3t", "db?S3cr3t", "db$", "'db'"}) {
    INFO(host);
    pool_config config;
    config.backend = "postgres";
    config.options["host"] = host;
    auto server = make_postgres(config);
    REQUIRE_FALSE(server);
    CHECK(server.error().code == errc::config_invalid);
    CHECK_THAT(server.error().message,
               ContainsSubstring("host") && !ContainsSubstring("S3cr3t"));
  }
  for (auto* host : {"db", "db.example", "db_1-2", "127.0.0.1", "::1",
                     "fe80::1%eth0", "/run/a b", "@abstract", "a,b,/tmp",
                     "b\xC3\xBC"
                     "cher.example"}) {
    INFO(host);
    pool_config config;
    config.backend = "postgres";
    config.options["host"] = host;
    CHECK(make_postgres(config));
  }
}

TEST_CASE("an option that PostgreSQL's backend does not know is refused",
          "[postgres]") {
  pool_config config;
  config.options["sslmod"] = "require";
  auto server = make_postgres(config);
  REQUIRE_FALSE(server);
  CHECK(server.error().code == errc::config_invalid);
  CHECK_THAT(server.error().message,
             ContainsSubstring("did you mean \"sslmode\"?"));
}

#include "caf_pool/backend/redis/redis_url.hpp"

#include "caf_pool/backend/redis/redis.hpp"

#include "support/catch_compat.hpp"
#include "support/outcome.hpp"

#include <map>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using options = std::map<std::string, std::string>;

struct good_url {
  std::string text;
  options expected;
  std::string password;
};

/// What no error may show.
constexpr auto password = "S3cr3t";

} // namespace

TEST_CASE("a URL tells where a Redis server is and how to log in") {
  const good_url all[] = {
    {"redis://", {}, ""},
    {"redis:///", {}, ""},
    {"REDIS://h", {{"host", "h"}}, ""},
    {"redis://h/", {{"host", "h"}}, ""},
    {"redis://:6380", {{"port", "6380"}}, ""},
    {"redis://h:1/2", {{"host", "h"}, {"port", "1"}, {"database", "2"}}, ""},
    {"redis://[::1]:1", {{"host", "::1"}, {"port", "1"}}, ""},
    {"redis://:pw@h", {{"host", "h"}}, "pw"},
    {"redis://ann:p%40%2F%3A%23@h", {{"host", "h"}, {"user", "ann"}}, "p@/:#"},
    {"redis://a%3Ab:p:w@h", {{"host", "h"}, {"user", "a:b"}}, "p:w"},
    {"rediss://h", {{"host", "h"}, {"tls", "true"}}, ""},
    {"rediss://h?tls_verify=false",
     {{"host", "h"}, {"tls", "true"}, {"tls_verify", "false"}},
     ""},
    {"redis://h?db=3", {{"host", "h"}, {"database", "3"}}, ""},
    {"redis://h?client_name=a%20b",
     {{"host", "h"}, {"client_name", "a b"}},
     ""},
    {"unix:///run/redis.sock", {{"path", "/run/redis.sock"}}, ""},
    {"unix://ann:pw@/a%20b?database=2",
     {{"path", "/a b"}, {"database", "2"}, {"user", "ann"}},
     "pw"},
  };
  for (auto& x : all) {
    INFO(x.text);
    auto config = parse_redis_url(x.text);
    REQUIRE(config);
    CHECK(config->backend == "redis");
    CHECK(config->options == x.expected);
    CHECK(config->password.reveal() == x.password);
    CHECK(config->execute_timeout == std::chrono::seconds{5});
  }
}

TEST_CASE("a URL that makes no sense is refused, and not shown") {
  for (std::string text : {"",
                           "S3cr3t",
                           "//S3cr3t@h",
                           "http://:S3cr3t@h",
                           "redis:S3cr3t",
                           "redis://:S3cr3t@h:0",
                           "redis://:S3cr3t@h:65536",
                           "redis://:S3cr3t@h:x",
                           "redis://:S3cr3t@h/x",
                           "redis://:S3cr3t@h/-1",
                           "redis://:S3cr3t@h/1/2",
                           "redis://:S3cr3t@h?S3cr3t=1",
                           "redis://:S3cr3t@h/1?db=2",
                           "redis://:S3cr3t@h?db=1&database=2",
                           "redis://:S3cr3t@h#S3cr3t",
                           "redis://:S3cr3t@x@h",
                           "redis://:S3cr3t/x@h",
                           "redis://:S3cr3t?x@h",
                           "redis://:S3cr3t @h",
                           "redis://:S3cr3t\n@h",
                           "redis://:S3cr3t%@h",
                           "redis://:S3cr3t%zz@h",
                           "redis://:S3cr3t@[::1",
                           "rediss://:S3cr3t@h?tls=false",
                           "unix://:S3cr3t@h/path",
                           "unix://:S3cr3t@",
                           "unix://:S3cr3t@/"}) {
    INFO(text);
    auto config = parse_redis_url(text);
    CHECK(code_of(config) == errc::invalid_argument);
    if (!config)
      CHECK_THAT(config.error().message, !ContainsSubstring(password));
  }
}

TEST_CASE("a specification of a server says what is wrong with it") {
  CHECK_FALSE(redis("redis://localhost").why);
  CHECK(redis("redis://localhost").backend != nullptr);
  CHECK(redis("localhost").why.code == errc::invalid_argument);
  CHECK(redis("localhost").backend == nullptr);
  // The URL can be read, but the options make no sense together.
  auto alone = redis("redis://ann@h");
  CHECK(alone.why.code == errc::config_invalid);
  CHECK_THAT(alone.why.message, ContainsSubstring("password"));
  CHECK(redis("redis://h?database=9999999").why.code == errc::config_invalid);
}

TEST_CASE("a backend describes its server without secrets") {
  auto text = redis("rediss://ann:S3cr3t@h:7/3").backend->describe();
  CHECK(text == "redis ann@h:7/3 (TLS)");
  CHECK(redis("unix:///run/redis.sock").backend->describe()
        == "redis /run/redis.sock/0");
}

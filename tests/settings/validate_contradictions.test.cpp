#include "caf_pool/settings/validate.hpp"

#include "support/catch_compat.hpp"

#include <string>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

// Expects exactly one problem: `key` contradicts `related`.
void expect(const std::vector<config_problem>& found, const std::string& key,
            const std::string& related) {
  for (auto& x : found)
    UNSCOPED_INFO(to_string(x));
  REQUIRE(found.size() == 1);
  CHECK(found[0].key == key);
  CHECK(found[0].related == related);
  CHECK_FALSE(found[0].value.empty());
}

template <class F>
void expect_in_pool(const std::string& key, const std::string& related, F f) {
  pool_config x;
  f(x);
  expect(validate(x), key, related);
}

template <class F>
void expect_in_node(const std::string& key, const std::string& related, F f) {
  node_config x;
  f(x);
  expect(validate(x), key, related);
}

template <class F>
void expect_fine(F f) {
  pool_config x;
  f(x);
  for (auto& problem : validate(x))
    FAIL_CHECK(to_string(problem));
}

} // namespace

TEST_CASE("a minimum above the maximum is refused", "[F01][Z13]") {
  expect_in_pool("min_size", "max_size", [](auto& x) {
    x.min_size = 11;
    x.max_size = 10;
  });
  expect_fine([](auto& x) { x.min_size = x.max_size = 10; });
}

TEST_CASE("overflow is only a part of the maximum", "[F01]") {
  expect_in_pool("max_overflow", "max_size", [](auto& x) {
    x.max_overflow = 10;
    x.max_size = 10;
  });
  expect_fine([](auto& x) { x.max_overflow = 9; });
}

TEST_CASE("a lease is not revoked before or without a warning", "[F01]") {
  expect_in_pool("leak_revoke", "leak_threshold", [](auto& x) {
    x.leak_threshold = 10s;
    x.leak_revoke = 9s;
  });
  expect_in_pool("leak_revoke", "leak_threshold",
                 [](auto& x) { x.leak_revoke = 9s; });
  expect_fine([](auto& x) { x.leak_threshold = x.leak_revoke = 10s; });
}

TEST_CASE("leaks show before a connection is too old", "[F01]") {
  expect_in_pool("leak_threshold", "max_lifetime", [](auto& x) {
    x.leak_threshold = 1h;
    x.max_lifetime = 1h;
  });
  expect_fine([](auto& x) {
    x.leak_threshold = 1h;
    x.max_lifetime = 0s;
  });
}

TEST_CASE("delays of retries are in order", "[F01]") {
  expect_in_pool("retry.floor", "retry.cap", [](auto& x) {
    x.retry.start = 1s;
    x.retry.cap = 1s;
    x.retry.floor = 2s;
  });
  expect_in_pool("retry.start", "retry.cap", [](auto& x) {
    x.retry.start = 2s;
    x.retry.cap = 1s;
  });
}

TEST_CASE("open times of the breaker are in order", "[F01]") {
  expect_in_pool("breaker.open_time", "breaker.open_cap", [](auto& x) {
    x.breaker.open_time = 61s;
    x.breaker.open_cap = 60s;
  });
}

TEST_CASE("a probe ends before the next one is due", "[F01]") {
  expect_in_pool("health_check_timeout", "health_check_interval", [](auto& x) {
    x.health_check_timeout = 6s;
    x.health_check_interval = 5s;
  });
  expect_fine([](auto& x) { x.health_check_interval = 0s; });
}

TEST_CASE("a bypass that turns validation off is refused", "[F01]") {
  expect_in_pool("validation_bypass", "max_lifetime", [](auto& x) {
    x.validation_bypass = 1h;
    x.max_lifetime = 1h;
  });
  expect_fine([](auto& x) {
    x.validation_bypass = 1h;
    x.max_lifetime = 1h;
    x.validate_on_acquire = false;
  });
}

TEST_CASE("shedding looks at an interval longer than its target", "[F01]") {
  expect_in_pool("shed_target", "shed_interval", [](auto& x) {
    x.shed_target = 2s;
    x.shed_interval = 2s;
  });
}

TEST_CASE("two pools of one name are refused", "[F01]") {
  node_config x;
  x.pools.resize(2);
  auto found = validate(x);
  REQUIRE(found.size() == 1);
  CHECK(found[0].key == "pools.main");
  CHECK_THAT(found[0].message, ContainsSubstring("must be unique"));
}

TEST_CASE("a node listens to this machine only", "[F01]") {
  for (auto address :
       {"0.0.0.0", "192.168.1.1", "", "::", "127.1", "127.0.0.256",
        "127.0.0.1.example", "127.0.0.1 ", "example.org"}) {
    CAPTURE(address);
    node_config x;
    x.remote.address = address;
    x.admin.address = address;
    auto found = validate(x);
    REQUIRE(found.size() == 2);
    CHECK(found[0].key == "remote.address");
    CHECK_THAT(found[0].message, ContainsSubstring("trusts every peer"));
    CHECK(found[1].key == "admin.address");
    CHECK_THAT(found[1].message, ContainsSubstring("without a login"));
    // What is turned off harms nobody.
    x.remote.enabled = x.admin.enabled = false;
    CHECK(validate(x).empty());
  }
  for (auto address : {"127.0.0.1", "127.9.9.9", "::1", "localhost"})
    CHECK(is_loopback(address));
}

TEST_CASE("remote and admin need ports of their own", "[F01]") {
  expect_in_node("admin.port", "remote.port",
                 [](auto& x) { x.admin.port = x.remote.port = 4700; });
  node_config x;
  x.admin.port = x.remote.port = 0;
  CHECK(validate(x).empty());
}

TEST_CASE("one late heartbeat costs no leases", "[F01]") {
  expect_in_node("remote.lease_ttl", "remote.heartbeat", [](auto& x) {
    x.remote.heartbeat = 3s;
    x.remote.lease_ttl = 5s;
  });
}

TEST_CASE("a node needs two scheduler threads and a name", "[F01]") {
  node_config x;
  x.scheduler_threads = 1;
  x.name.clear();
  auto found = validate(x);
  REQUIRE(found.size() == 2);
  CHECK(found[0].key == "node.scheduler_threads");
  CHECK_THAT(found[0].message, ContainsSubstring("2 to 256"));
  CHECK(found[1].key == "node.name");
  x.scheduler_threads = 2;
  x.name = "a\nb";
  CHECK(validate(x).size() == 1);
}

TEST_CASE("the workers of all pools together are bounded", "[F01]") {
  node_config x;
  x.pools.resize(2);
  x.pools[1].name = "other";
  x.pools[0].workers = 48;
  x.pools[1].workers = 8;
  CHECK(validate(x).empty());
  x.pools[1].workers = 9;
  auto found = validate(x);
  REQUIRE(found.size() == 1);
  CHECK(found[0].key == "pools");
  CHECK(found[0].value == "57 workers");
  CHECK_THAT(found[0].message, ContainsSubstring("56 workers"));
}

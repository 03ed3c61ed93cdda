// Defaults and names that a kind of backend brings.

#include "caf_pool/config/render.hpp"

#include "fixture.hpp"
#include "support/catch_compat.hpp"

#include <chrono>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

const std::string cache = "[pools.cache]\nbackend = \"redis\"\n";

} // namespace

TEST_CASE("a kind of backend has defaults of its own, which say so") {
  auto config = must_load(load_toml("[pools.main]\n" + cache));
  auto& redis = config.node.pools.at(0);
  CHECK(redis.acquire_timeout == 5s);
  CHECK(redis.health_check_interval == 30s);
  CHECK(config.origins.at("pools.cache.acquire_timeout") == "default of redis");
  CHECK(config.origins.at("pools.cache.open_timeout") == "default");
  CHECK_THAT(render_toml(config, true),
             ContainsSubstring("acquire_timeout = \"5s\"  # default of redis"));
  CHECK(config.node.pools.at(1).acquire_timeout == 30s);
  CHECK(config.origins.at("pools.main.acquire_timeout") == "default");
  CHECK(config.defaults.acquire_timeout == 30s);
}

TEST_CASE("what somebody wrote wins over the defaults of a kind") {
  auto own = must_load(load_toml(cache + "pool_timeout = \"7s\"\n"));
  CHECK(own.node.pools.at(0).acquire_timeout == 7s);
  CHECK(own.node.pools.at(0).health_check_interval == 30s);
  for (auto value : {"7s", "30s"}) {
    auto toml
      = "[defaults]\nacquire_timeout = \"" + std::string{value} + "\"\n";
    auto shared = must_load(load_toml(toml + cache));
    CHECK(shared.node.pools.at(0).acquire_timeout
          == shared.defaults.acquire_timeout);
    CHECK(shared.origins.at("pools.cache.acquire_timeout") == "test.toml:2");
  }
}

TEST_CASE("base.toml as it is shipped decides nothing, a changed one does") {
  config_source source;
  source.location = "base.toml";
  auto load_base = [&](const std::string& limit) {
    auto toml = "[defaults]\nacquire_timeout = \"" + limit + "\"\n" + cache;
    return must_load(load_toml(toml, source)).node.pools.at(0).acquire_timeout;
  };
  CHECK(load_base("30s") == 5s);
  CHECK(load_base("9s") == 9s);
}

TEST_CASE("the shipped base.toml leaves Redis its limits", "[F01]") {
  auto registry = backend_registry::with_defaults();
  if (registry.find("redis") == nullptr)
    SKIP("this build has no Redis");
  config_source source;
  source.location = shipped_folder();
  source.environment = {{"CAF_POOL__POOLS__CACHE__BACKEND", "redis"}};
  auto config = must_load(load(source, registry));
  auto& pool = config.node.pools.at(0);
  CHECK(pool.acquire_timeout == 5s);
  CHECK(pool.open_timeout == 2s);
  CHECK(pool.execute_timeout == 5s);
  CHECK(pool.health_check_interval == 30s);
}

TEST_CASE("an option is found by its other name, in the pool's table as well") {
  for (auto toml : {"socket_keepalive = false\n",
                    "[pools.cache.redis]\nsocket_keepalive = false\n",
                    "socket_keepalive = false\n[pools.cache.redis]\n"
                    "tcp_keepalive = false\n"}) {
    CAPTURE(toml);
    auto config = must_load(load_toml(cache + toml));
    CHECK(config.node.pools.at(0).options.at("tcp_keepalive") == "false");
    CHECK(config.node.pools.at(0).options.size() == 1);
  }
  CHECK_THAT(problems_of(load_toml(cache
                                   + "socket_keepalive = true\n"
                                     "[pools.cache.redis]\n"
                                     "tcp_keepalive = false\n")),
             ContainsSubstring("contradicts pools.cache.redis.tcp_keepalive"));
  CHECK_FALSE(load_toml("[defaults]\nsocket_keepalive = true\n"));
}

TEST_CASE("an option of another backend is warned about, also by that name") {
  auto config = must_load(load_toml("[pools.main]\nsocket_keepalive = true\n"));
  REQUIRE(config.warnings.size() == 1);
  CHECK(to_string(config.warnings[0])
        == "pools.main.socket_keepalive: is not used: the pool's backend is "
           "sqlite");
}

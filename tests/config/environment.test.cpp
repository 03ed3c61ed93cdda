#include "caf_pool/config/environment.hpp"

#include "fixture.hpp"

#include <cstdlib>
#include <stdlib.h>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

constexpr auto one_pool = "[pools.main]\n";

pool_config main_with(environment_map environment) {
  auto config = must_load(load_env(one_pool, std::move(environment)));
  return config.node.pools.at(0);
}

} // namespace

TEST_CASE("a variable is a dotted key in capitals") {
  CHECK(main_with({{"CAF_POOL__POOLS__MAIN__MAX_SIZE", "20"}}).max_size == 20);
  CHECK(main_with({{"CAF_POOL__POOLS__MAIN__ACQUIRE_TIMEOUT", "1500ms"}})
          .acquire_timeout
        == 1500ms);
  CHECK(main_with({{"CAF_POOL__POOLS__MAIN__RETRY__FACTOR", "3"}}).retry.factor
        == 3.0);
  CHECK(main_with({{"CAF_POOL__POOLS__MAIN__VALIDATE_ON_ACQUIRE", "off"}})
          .validate_on_acquire
        == false);
  CHECK(
    main_with({{"CAF_POOL__POOLS__MAIN__POOL_TIMEOUT", "7"}}).acquire_timeout
    == 7s);
  CHECK(main_with({{"CAF_POOL__POOLS__MAIN__SQLITE__PATH", "/x/Y"}})
          .options.at("path")
        == "/x/Y");
  auto config = must_load(load_env(one_pool, {{"CAF_POOL__NODE__NAME", "n1"},
                                              {"CAF_POOL__LOG__LEVEL", "warn"},
                                              {"CAF_POOL__ADMIN__PORT", "0"}}));
  CHECK(config.node.name == "n1");
  CHECK(config.node.log.level == "warn");
  CHECK(config.node.admin.port == 0);
}

TEST_CASE("other variables are none of our business") {
  auto config = must_load(load_env(one_pool, {{"PATH", "/bin"},
                                              {"CAF_POOL", "x"},
                                              {"CAF_POOLS", "x"},
                                              {"MY_CAF_POOL_MAX_SIZE", "x"},
                                              {"CAF_POOL_CONFIG", "x"},
                                              {"CAF_POOL_TOKEN", "x"},
                                              {"CAF_POOL_TOKEN_FILE", "x"},
                                              {"CAF_POOL_NODE_ADDRESS", "x"}}));
  CHECK(config.node == must_load(load_env(one_pool, {})).node);
  CHECK(config.warnings.empty());
}

TEST_CASE("a variable that is almost a setting is warned about", "[F01]") {
  using list = std::vector<std::pair<std::string, std::string>>;
  for (auto& [name, right] :
       list{{"CAF_POOL_POOLS_MAIN_MAX_SIZE", "POOLS__MAIN__MAX_SIZE"},
            {"CAF_POOL_POOLS__MAIN__MAX_SIZE", "POOLS__MAIN__MAX_SIZE"},
            {"caf_pool__pools__main__max_size", "POOLS__MAIN__MAX_SIZE"},
            {"Caf_Pool__Pools__Main__Max_Size", "POOLS__MAIN__MAX_SIZE"},
            {"CAFPOOL__POOLS__MAIN__MAX_SIZE", "POOLS__MAIN__MAX_SIZE"},
            {"CAF_POOL_MAX_SIZE", "POOLS__MAIN__MAX_SIZE"},
            {"CAF_POOL_MAIN_MAX_SIZE", "POOLS__MAIN__MAX_SIZE"},
            {"CAF_POOL_POOLS_MAIN_RETRY_START", "POOLS__MAIN__RETRY__START"},
            {"CAF_POOL_POOLS_MAIN_FAKE_HOST", "POOLS__MAIN__FAKE__HOST"},
            {"CAF_POOL_POOLS_MAIN_PASSWORD", "POOLS__MAIN__PASSWORD"},
            {"CAF_POOL_POOLS_MIAN_MAX_SIZE", "POOLS__MAIN__MAX_SIZE"},
            {"CAF_POOL_REMOTE_PORT", "REMOTE__PORT"},
            {"CAF_POOL_LOG_LEVLE", "LOG__LEVEL"},
            {"CAF_POOL_DEFAULTS_MAX_SIZE", "DEFAULTS__MAX_SIZE"}}) {
    CAPTURE(name);
    auto config = must_load(load_env(one_pool, {{name, std::string{canary}}}));
    REQUIRE(config.warnings.size() == 1);
    CHECK(to_string(config.warnings[0])
          == "environment: " + name + ": is no setting; did you mean CAF_POOL__"
               + right + "?");
  }
}

TEST_CASE("a variable that is like no setting is told how one looks", "[F01]") {
  auto config
    = must_load(load_env(one_pool, {{"CAF_POOL_ZZZ", std::string{canary}}}));
  REQUIRE(config.warnings.size() == 1);
  CHECK_THAT(to_string(config.warnings[0]),
             ContainsSubstring("CAF_POOL_ZZZ: is no setting; names of settings "
                               "begin with CAF_POOL__"));
}

TEST_CASE("names of pools are found whatever their case and hyphens") {
  auto toml = "[pools.Read-Only]\n";
  auto config = must_load(
    load_env(toml, {{"CAF_POOL__POOLS__READ_ONLY__MAX_SIZE", "3"}}));
  CHECK(config.node.pools.at(0).max_size == 3);
  auto text
    = problems_of(load_env("[pools.read-only]\n[pools.read_only]\n",
                           {{"CAF_POOL__POOLS__READ_ONLY__MAX_SIZE", "3"}}));
  CHECK_THAT(text, ContainsSubstring("may mean the pool"));
}

TEST_CASE("a misspelled pool in the environment makes no pool", "[F01]") {
  auto text = problems_of(
    load_env(one_pool, {{"CAF_POOL__POOLS__MIAN__MAX_SIZE", "3"}}));
  CHECK_THAT(text, ContainsSubstring("environment "
                                     "CAF_POOL__POOLS__MIAN__MAX_SIZE"));
  CHECK_THAT(text, ContainsSubstring("pools.mian"));
  CHECK_THAT(text, ContainsSubstring("no such pool"));
  CHECK_THAT(text, ContainsSubstring("did you mean \"main\"?"));
}

TEST_CASE("a pool may live in the environment alone if its backend is said") {
  auto config
    = must_load(load_env("", {{"CAF_POOL__POOLS__MAIN__BACKEND", "fake"},
                              {"CAF_POOL__POOLS__MAIN__FAKE__HOST", "db"}}));
  REQUIRE(config.node.pools.size() == 1);
  CHECK(config.node.pools[0].options.at("host") == "db");
}

TEST_CASE("problems of variables name them, but never show unknown values",
          "[F01][X02]") {
  for (auto name :
       {"CAF_POOL__POOLS__MAIN__PASSWROD", "CAF_POOL__", "CAF_POOL___",
        "CAF_POOL__A____B", "CAF_POOL__A-B", "CAF_POOL__PASSWORD"}) {
    CAPTURE(name);
    auto text = problems_of(load_env(one_pool, {{name, std::string{canary}}}));
    CHECK_THAT(text, ContainsSubstring(name));
    CHECK_THAT(text, !ContainsSubstring(std::string{canary}));
  }
  CHECK_THAT(
    problems_of(load_env(one_pool, {{"CAF_POOL__POOLS__MAIN__PASSWROD", "x"}})),
    ContainsSubstring("did you mean \"password\"?"));
}

TEST_CASE("a bad value in a variable is reported with variable and range",
          "[F01]") {
  auto text = problems_of(
    load_env(one_pool, {{"CAF_POOL__POOLS__MAIN__MAX_SIZE", "many"}}));
  CHECK(text
        == "environment CAF_POOL__POOLS__MAIN__MAX_SIZE: pools.main.max_size = "
           "many: expects a whole number such as 20; allowed is 1 to 10000");
  text = problems_of(
    load_env(one_pool, {{"CAF_POOL__POOLS__MAIN__MAX_SIZE", "0"}}));
  CHECK(text
        == "environment CAF_POOL__POOLS__MAIN__MAX_SIZE: pools.main.max_size = "
           "0: must be from 1 to 10000");
  for (auto value : {"", "\xff", "1\n2"})
    CHECK_FALSE(
      load_env(one_pool, {{"CAF_POOL__POOLS__MAIN__MAX_SIZE", value}}));
}

TEST_CASE("a table cannot be set as a whole", "[F01]") {
  CHECK_THAT(problems_of(load_env(one_pool, {{"CAF_POOL__POOLS__MAIN", "x"}})),
             ContainsSubstring("expects a table, such as [pools.main]"));
  CHECK_THAT(problems_of(load_env(
               one_pool, {{"CAF_POOL__POOLS__MAIN__MAX_SIZE__X", "1"}})),
             ContainsSubstring("is a value, not a table"));
}

// -- variables of other systems -----------------------------------------------

TEST_CASE("the variables of the contract are understood") {
  CHECK(main_with({{"DATABASE_MAX_POOL_SIZE", "100"}}).max_size == 100);
  auto pool = main_with({{"DATABASE_POOL_SIZE", "20"},
                         {"DATABASE_POOL_OVERFLOW", "30"},
                         {"DATABASE_POOL_TIMEOUT", "30"},
                         {"DATABASE_POOL_RECYCLE", "3600"}});
  CHECK(pool.max_size == 50);
  CHECK(pool.max_overflow == 30);
  CHECK(pool.acquire_timeout == 30s);
  CHECK(pool.max_lifetime == 3600s);
}

TEST_CASE("variables win over files, also in the other size model") {
  auto toml = "[pools.main]\nmax_size = 12\nmax_overflow = 2\n";
  auto config = must_load(load_env(toml, {{"DATABASE_POOL_SIZE", "40"}}));
  CHECK(config.node.pools.at(0).max_size == 42);
  CHECK(config.origins.at("pools.main.max_size")
        == "environment DATABASE_POOL_SIZE");
}

TEST_CASE("two variables that disagree are both named", "[F01]") {
  auto text = problems_of(
    load_env(one_pool, {{"DATABASE_MAX_POOL_SIZE", "100"},
                        {"CAF_POOL__POOLS__MAIN__MAX_SIZE", "20"}}));
  CHECK_THAT(text, ContainsSubstring("environment DATABASE_MAX_POOL_SIZE"));
  CHECK_THAT(text, ContainsSubstring("CAF_POOL__POOLS__MAIN__MAX_SIZE"));
  text = problems_of(load_env(one_pool, {{"DATABASE_MAX_POOL_SIZE", "100"},
                                         {"DATABASE_POOL_SIZE", "20"},
                                         {"DATABASE_POOL_OVERFLOW", "30"}}));
  CHECK_THAT(text, ContainsSubstring("environment DATABASE_POOL_SIZE"));
  CHECK_THAT(text, ContainsSubstring("(environment DATABASE_MAX_POOL_SIZE)"));
  CHECK_THAT(text, ContainsSubstring("add up to 50"));
  CHECK(main_with({{"DATABASE_MAX_POOL_SIZE", "50"},
                   {"DATABASE_POOL_SIZE", "20"},
                   {"DATABASE_POOL_OVERFLOW", "30"}})
          .max_size
        == 50);
}

TEST_CASE("the database variables belong to main, or to the only pool") {
  auto config = must_load(
    load_env("[pools.a]\n[pools.main]\n", {{"DATABASE_POOL_SIZE", "20"}}));
  CHECK(config.node.pools.at(0).max_size == 10);
  CHECK(config.node.pools.at(1).max_size == 20);
  config = must_load(load_env("[pools.a]\n", {{"DATABASE_POOL_SIZE", "20"}}));
  CHECK(config.node.pools.at(0).max_size == 20);
  CHECK_THAT(problems_of(load_env("[pools.a]\n[pools.b]\n",
                                  {{"DATABASE_POOL_SIZE", "20"}})),
             ContainsSubstring("DATABASE_POOL_SIZE: belongs to the pool"));
}

TEST_CASE("the Redis variables hold for every Redis pool and for no other") {
  auto toml
    = "[pools.main]\n[pools.cache]\nbackend = \"redis\"\nmax_size = 3\n"
      "[pools.redis]\nbackend = \"redis\"\n";
  auto both = must_load(load_env(
    toml, {{"REDIS_POOL_SIZE", "15"}, {"REDIS_MAX_CONNECTIONS", "50"}}));
  CHECK(both.warnings.empty());
  for (auto& pool : both.node.pools) {
    CAPTURE(pool.name);
    auto redis = pool.backend == "redis";
    CHECK(pool.max_size == (redis ? 50 : 10));
    CHECK(pool.max_overflow == (redis ? 35 : 0));
  }
  CHECK(both.origins.at("pools.cache.max_size")
        == "environment REDIS_MAX_CONNECTIONS");
  CHECK(both.origins.at("pools.cache.max_overflow")
        == "environment REDIS_POOL_SIZE");
  for (auto name : {"REDIS_POOL_SIZE", "REDIS_MAX_CONNECTIONS"}) {
    auto one = must_load(load_env(toml, {{name, "15"}}));
    CHECK(one.node.pools.at(0).max_size == 15);
    CHECK(one.node.pools.at(0).max_overflow == 0);
    CHECK(one.node.pools.at(1).max_size == 10);
  }
}

TEST_CASE("Redis variables that make no sense are named", "[F01]") {
  auto toml = "[pools.cache]\nbackend = \"redis\"\n";
  CHECK(problems_of(load_env(
          toml, {{"REDIS_POOL_SIZE", "51"}, {"REDIS_MAX_CONNECTIONS", "50"}}))
        == "environment: REDIS_POOL_SIZE = 51: is above REDIS_MAX_CONNECTIONS "
           "= 50: a pool would begin with more connections than it may have");
  for (auto value : {"many", "0", "-1", "99999999999", ""}) {
    CAPTURE(value);
    CHECK_THAT(problems_of(load_env(toml, {{"REDIS_POOL_SIZE", value},
                                           {"REDIS_MAX_CONNECTIONS", "50"}})),
               StartsWith("environment REDIS_POOL_SIZE"));
    CHECK_THAT(problems_of(load_env(toml, {{"REDIS_MAX_CONNECTIONS", value}})),
               StartsWith("environment REDIS_MAX_CONNECTIONS"));
  }
}

TEST_CASE("without a Redis pool its variables are ignored with a warning") {
  auto config = must_load(load_env(
    one_pool, {{"REDIS_POOL_SIZE", "51"}, {"REDIS_MAX_CONNECTIONS", "50"}}));
  REQUIRE(config.warnings.size() == 2);
  CHECK_THAT(
    to_string(config.warnings[0]),
    ContainsSubstring("REDIS_POOL_SIZE: is ignored: there is no Redis pool"));
  CHECK(config.node.pools.at(0).max_size == 10);
}

TEST_CASE("the database variables pass Redis pools by") {
  auto config
    = must_load(load_env("[pools.db]\n[pools.main]\nbackend = \"redis\"\n",
                         {{"DATABASE_POOL_SIZE", "20"}}));
  CHECK(config.node.pools.at(0).max_size == 20);
  CHECK(config.node.pools.at(1).max_size == 10);
}

TEST_CASE("the environment of this process can be copied") {
  REQUIRE(::setenv("CAF_POOL_TEST_VARIABLE", "a=b", 1) == 0);
  CHECK(current_environment().at("CAF_POOL_TEST_VARIABLE") == "a=b");
  REQUIRE(::unsetenv("CAF_POOL_TEST_VARIABLE") == 0);
  CHECK(current_environment().count("CAF_POOL_TEST_VARIABLE") == 0);
}

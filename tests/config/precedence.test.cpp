#include "caf_pool/config/load.hpp"

#include "fixture.hpp"

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

// Loads base.toml and prod.toml of a fresh folder.
loaded_config load_both(std::string_view base, std::string_view prod,
                        environment_map environment = {},
                        std::vector<std::string> overrides = {}) {
  temp_folder folder;
  folder.write("base.toml", base);
  folder.write("prod.toml", prod);
  config_source source;
  source.location = folder.path();
  source.profile = "prod";
  source.environment = std::move(environment);
  source.overrides = std::move(overrides);
  return must_load(load(source, test_registry()));
}

} // namespace

TEST_CASE("later sources win: base, profile, environment, command line") {
  auto variable = "CAF_POOL__POOLS__MAIN__MAX_SIZE";
  auto key = "pools.main.max_size";
  auto base = "[pools.main]\nmax_size = 11\n";
  auto prod = "\n[pools.main]\nmax_size = 12\n";
  auto config = load_both("[pools.main]\n", "");
  CHECK(config.node.pools.at(0).max_size == 10);
  CHECK(config.origins.at(key) == "default");
  config = load_both(base, "");
  CHECK(config.node.pools.at(0).max_size == 11);
  CHECK(config.origins.at(key) == "base.toml:2");
  config = load_both(base, prod);
  CHECK(config.node.pools.at(0).max_size == 12);
  CHECK(config.origins.at(key) == "prod.toml:3");
  config = load_both(base, prod, {{variable, "13"}});
  CHECK(config.node.pools.at(0).max_size == 13);
  CHECK(config.origins.at(key) == std::string{"environment "} + variable);
  config
    = load_both(base, prod, {{variable, "13"}}, {"pools.main.max_size=14"});
  CHECK(config.node.pools.at(0).max_size == 14);
  CHECK(config.origins.at(key) == "command line");
}

TEST_CASE("a pool's own key beats the defaults, whichever file has them") {
  auto config = load_both("[pools.main]\nmax_size = 11\n[pools.other]\n",
                          "[defaults]\nmax_size = 50\nmin_size = 2\n");
  CHECK(config.node.pools.at(0).max_size == 11);
  CHECK(config.node.pools.at(0).min_size == 2);
  CHECK(config.node.pools.at(1).max_size == 50);
  CHECK(config.origins.at("pools.main.min_size") == "prod.toml:3");
  CHECK(config.defaults.max_size == 50);
}

TEST_CASE("a profile may use another spelling than the base") {
  auto config = load_both("[pools.main]\nacquire_timeout = \"5s\"\n",
                          "[pools.main]\npool_timeout = 7\n");
  CHECK(config.node.pools.at(0).acquire_timeout == 7s);
  CHECK(config.origins.at("pools.main.acquire_timeout") == "prod.toml:2");
}

TEST_CASE("every key of node and pools has an origin") {
  auto config
    = must_load(load_toml("[pools.main]\n[pools.main.sqlite]\n"
                          "path = \"x\"\n"));
  CHECK(config.origins.at("node.name") == "default");
  CHECK(config.origins.at("log.level") == "default");
  CHECK(config.origins.at("pools.main.backend") == "default");
  CHECK(config.origins.at("pools.main.breaker.window") == "default");
  CHECK(config.origins.at("pools.main.sqlite.path") == "test.toml:3");
}

TEST_CASE("pools come in the order of their names") {
  auto config = must_load(load_toml("[pools.b]\n[pools.c]\n[pools.a]\n"));
  REQUIRE(config.node.pools.size() == 3);
  CHECK(config.node.pools[0].name == "a");
  CHECK(config.node.pools[2].name == "c");
}

TEST_CASE("nested groups are tables or dotted keys") {
  auto config
    = must_load(load_toml("[pools.main]\n"
                          "retry.attempts = 7\n"
                          "retry.factor = 3\n"
                          "[pools.main.breaker]\n"
                          "enabled = false\n"
                          "window = \"20s\"\n"));
  auto& pool = config.node.pools.at(0);
  CHECK(pool.retry.attempts == 7);
  CHECK(pool.retry.factor == 3.0);
  CHECK_FALSE(pool.breaker.enabled);
  CHECK(pool.breaker.window == 20s);
}

TEST_CASE("options of a backend are text, whatever they look like") {
  auto config
    = must_load(load_toml("[pools.main]\nbackend = \"fake\"\n"
                          "[pools.main.fake]\n"
                          "host = \"db\"\nport = 5433\n"
                          "label = true\n"));
  auto& options = config.node.pools.at(0).options;
  CHECK(options.at("host") == "db");
  CHECK(options.at("port") == "5433");
  CHECK(options.at("label") == "true");
}

TEST_CASE("the table of a backend that is not used is a warning") {
  auto config
    = must_load(load_toml("[pools.main]\nbackend = \"fake\"\n"
                          "[pools.main.sqlite]\npath = \"x\"\n"));
  REQUIRE(config.warnings.size() == 1);
  CHECK(to_string(config.warnings[0])
        == "pools.main.sqlite: is not used: the pool's backend is fake");
  CHECK(config.node.pools.at(0).options.empty());
}

// -- command line -------------------------------------------------------------

TEST_CASE("overrides reach every kind of key") {
  config_source source;
  source.overrides = {"node.name=east",
                      "remote.enabled=no",
                      "pools.main.backend=fake",
                      "pools.main.fake.host=a=b",
                      "pools.main.retry.factor=1.5",
                      "defaults.min_size=0"};
  auto config = must_load(load_toml("", source));
  CHECK(config.node.name == "east");
  CHECK_FALSE(config.node.remote.enabled);
  auto& pool = config.node.pools.at(0);
  CHECK(pool.backend == "fake");
  CHECK(pool.options.at("host") == "a=b");
  CHECK(pool.retry.factor == 1.5);
  CHECK(pool.min_size == 0);
}

TEST_CASE("what is no override is refused without repeating it", "[F01][X02]") {
  for (auto str : {"S3cr3tCanary_%", "=x", ".a=1", "a..b=1", "a b=1", ""}) {
    config_source source;
    source.overrides = {str};
    auto text = problems_of(load_toml("", source));
    CHECK_THAT(text, ContainsSubstring("key=value"));
    CHECK_THAT(text, !ContainsSubstring(std::string{canary}));
  }
}

TEST_CASE("a value on the command line is plain text") {
  config_source source;
  source.overrides = {"node.name=a\nb"};
  CHECK_THAT(problems_of(load_toml("", source)), ContainsSubstring("no text"));
  source.overrides = {"node.name=\xff"};
  CHECK_THAT(problems_of(load_toml("", source)), ContainsSubstring("no text"));
}

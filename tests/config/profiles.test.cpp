#include "caf_pool/config/profiles.hpp"

#include "fixture.hpp"

#include <algorithm>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

loaded_config shipped(const std::string& profile) {
  config_source source;
  source.location = shipped_folder();
  source.profile = profile;
  source.environment = {{"HOME", "/home/ann"}};
  return must_load(load(source, backend_registry::with_defaults()));
}

const pool_config& pool_of(const loaded_config& config,
                           const std::string& name) {
  auto& pools = config.node.pools;
  auto i = std::find_if(pools.begin(), pools.end(),
                        [&](auto& x) { return x.name == name; });
  REQUIRE(i != pools.end());
  return *i;
}

const pool_config& main_pool(const loaded_config& config) {
  return pool_of(config, "main");
}

bool has_servers() {
  auto known = backend_registry::with_defaults();
  return known.find("postgres") != nullptr && known.find("redis") != nullptr;
}

} // namespace

// -- the shipped profiles: the contract's table (N19) -------------------------

TEST_CASE("the development profile is a SQLite file that needs no rights") {
  auto config = shipped("dev");
  auto& pool = main_pool(config);
  CHECK(config.node.profile == "dev");
  CHECK(pool.backend == "sqlite");
  CHECK(pool.options.at("path")
        == "/home/ann/.local/state/caf_pool/dev.sqlite");
  CHECK(pool.min_size == 1);
  CHECK(pool.max_size == 10);
  CHECK(pool.max_overflow == 5);
  CHECK(pool.acquire_timeout == 30s);
  CHECK(pool.open_concurrency == 2);
  CHECK(pool.leak_threshold == 10s);
  CHECK(pool.warm_up == warm_up_policy::none);
  CHECK(config.node.log.level == "debug");
  CHECK(config.node.remote.enabled);
  CHECK(config.node.admin.enabled);
  CHECK(config.warnings.empty());
}

TEST_CASE("the staging profile has 50 connections to PostgreSQL") {
  if (!has_servers())
    SKIP("built without PostgreSQL or Redis");
  auto config = shipped("staging");
  auto& pool = main_pool(config);
  CHECK(pool.backend == "postgres");
  CHECK(pool.min_size == 5);
  CHECK(pool.max_size == 50);
  CHECK(pool.max_overflow == 20);
  CHECK(pool.acquire_timeout == 10s);
  CHECK(pool.open_concurrency == 4);
  CHECK(pool.leak_threshold == 30s);
  CHECK(pool.warm_up == warm_up_policy::to_min);
  CHECK(config.warnings.empty());
}

TEST_CASE("the production profile has 200 connections to PostgreSQL") {
  if (!has_servers())
    SKIP("built without PostgreSQL or Redis");
  auto config = shipped("prod");
  auto& pool = main_pool(config);
  CHECK(pool.backend == "postgres");
  CHECK(pool.min_size == 10);
  CHECK(pool.max_size == 200);
  CHECK(pool.max_overflow == 30);
  CHECK(pool.waiter_limit() >= 1000);
  CHECK(pool.acquire_timeout >= 5s);
  CHECK(pool.acquire_timeout <= 30s);
  CHECK(pool.open_timeout >= 5s);
  CHECK(pool.open_timeout <= 10s);
  CHECK(pool.execute_timeout == 60s);
  CHECK(pool.open_concurrency == 4);
  CHECK(pool.validate_on_acquire);
  CHECK(pool.leak_threshold == 60s);
  CHECK(pool.leak_revoke == 0s);
  CHECK(pool.warm_up == warm_up_policy::to_min);
  CHECK(pool.warm_up_timeout == 30s);
  CHECK(config.warnings.empty());
}

TEST_CASE("staging and production have a Redis for data and one for a cache",
          "[K29]") {
  if (!has_servers())
    SKIP("built without PostgreSQL or Redis");
  for (auto* name : {"staging", "prod"}) {
    CAPTURE(name);
    auto config = shipped(name);
    auto& data = pool_of(config, "redis");
    CHECK(data.backend == "redis");
    CHECK_FALSE(data.required);
    CHECK(data.max_size == 10);
    CHECK(data.health_check_interval == 30s);
    CHECK(data.acquire_timeout == 5s);
    CHECK(data.execute_timeout == 5s);
    auto& cache = pool_of(config, "cache");
    CHECK(cache.backend == "redis");
    CHECK_FALSE(cache.required);
    CHECK(cache.max_size > data.max_size);
    CHECK(cache.acquire_timeout == 100ms);
    CHECK(cache.execute_timeout == 250ms);
    CHECK(cache.options.at("database") == "1");
  }
}

TEST_CASE("the test profile is small, impatient and on free ports") {
  auto config = shipped("test");
  auto& pool = main_pool(config);
  CHECK(pool.min_size == 0);
  CHECK(pool.max_size == 5);
  CHECK(pool.max_overflow == 0);
  CHECK(pool.acquire_timeout == 2s);
  CHECK(pool.open_timeout == 2s);
  CHECK(pool.execute_timeout == 5s);
  CHECK(pool.open_concurrency == 1);
  CHECK(pool.retry.attempts == 2);
  CHECK(pool.retry.start == 10ms);
  CHECK(pool.leak_threshold == 1s);
  CHECK(pool.validate_on_acquire);
  CHECK(config.node.remote.port == 0);
  CHECK(config.node.admin.port == 0);
  CHECK(config.warnings.empty());
}

TEST_CASE("numbers that all profiles share are the contract's") {
  for (auto& name : profiles_in(shipped_folder())) {
    CAPTURE(name);
    if (name != "dev" && name != "test" && !has_servers())
      continue;
    auto config = shipped(name);
    auto& pool = main_pool(config);
    CHECK(pool.max_idle_time == 300s);
    CHECK(pool.max_lifetime == 3600s);
    CHECK(pool.lifetime_jitter_percent == 5);
    CHECK(pool.sweep_interval == 60s);
    CHECK(pool.health_check_interval == 10s);
    CHECK(pool.health_check_timeout == 5s);
    CHECK(pool.max_validation_failures == 3);
    CHECK(pool.validation_bypass == 500ms);
    CHECK(pool.retry.factor == 2.0);
    CHECK(pool.retry.cap == 30s);
    CHECK(pool.retry.floor == 10ms);
    CHECK(pool.breaker.failure_percent == 50);
    CHECK(pool.breaker.min_calls == 20);
    CHECK(pool.breaker.window == 10s);
    CHECK(pool.breaker.consecutive_failures == 5);
    CHECK(pool.breaker.open_time == 5s);
    CHECK(pool.breaker.open_cap == 60s);
    CHECK(pool.order == hand_out_order::lifo);
    CHECK(pool.shed_overload);
    CHECK(pool.shed_target == 50ms);
    CHECK(pool.shed_interval == 2s);
    CHECK(pool.retry.jitter);
    CHECK(pool.metrics);
    CHECK_FALSE(pool.validate_on_release);
    CHECK(pool.validation_query.empty());
  }
}

// -- finding profiles ---------------------------------------------------------

TEST_CASE("the shipped folder has the four profiles") {
  CHECK(profiles_in(shipped_folder())
        == std::vector<std::string>{"dev", "prod", "staging", "test"});
  CHECK(profiles_in("/no/such/folder").empty());
}

TEST_CASE("long and short names of profiles find each other") {
  temp_folder folder;
  folder.write("dev.toml", "");
  folder.write("production.toml", "");
  CHECK(detail::find_profile(folder.path(), "development")->filename()
        == "dev.toml");
  CHECK(detail::find_profile(folder.path(), "prod")->filename()
        == "production.toml");
  CHECK(is_production("prod"));
  CHECK(is_production("production"));
  CHECK_FALSE(is_production("staging"));
}

TEST_CASE("a missing profile is answered with the nearest one", "[F01]") {
  temp_folder folder;
  folder.write("staging.toml", "");
  config_source source;
  source.location = folder.path();
  source.profile = "stagin";
  auto text = problems_of(load(source, test_registry()));
  CHECK_THAT(text, ContainsSubstring("no profile \"stagin\""));
  CHECK_THAT(text, ContainsSubstring("did you mean \"staging\"?"));
}

TEST_CASE("a profile never leaves its folder") {
  temp_folder folder;
  folder.write("secret.toml", "");
  folder.write("inner/base.toml", "");
  for (auto name : {"../secret", "..", "/etc/passwd", "a.b", "a/b"}) {
    config_source source;
    source.location = folder.path() / "inner";
    source.profile = name;
    CHECK_THAT(problems_of(load(source, test_registry())),
               ContainsSubstring("the name of a profile has"));
  }
}

TEST_CASE("a single file stands alone and names the profile") {
  temp_folder folder;
  folder.write("base.toml", "[defaults]\nmax_size = 77\n");
  config_source source;
  source.location = folder.write("mine.toml", "[pools.main]\n");
  source.profile = "ignored";
  auto config = must_load(load(source, test_registry()));
  CHECK(config.node.profile == "mine");
  CHECK(config.node.pools.at(0).max_size == 10);
}

TEST_CASE("a folder without base.toml starts from the code's defaults") {
  temp_folder folder;
  folder.write("dev.toml", "[pools.main]\nmax_size = 3\n");
  config_source source;
  source.location = folder.path();
  source.profile = "dev";
  auto config = must_load(load(source, test_registry()));
  CHECK(config.node.pools.at(0).max_size == 3);
  CHECK(config.node.pools.at(0).acquire_timeout == 30s);
}

TEST_CASE("files that are missing or no files are problems, not exceptions") {
  temp_folder folder;
  config_source source;
  source.location = folder.path() / "missing.toml";
  CHECK_THAT(problems_of(load(source, test_registry())),
             ContainsSubstring("missing.toml: cannot be read"));
  source.location = "/dev/null";
  CHECK_THAT(problems_of(load(source, test_registry())),
             ContainsSubstring("is no regular file"));
}

TEST_CASE("without any file there are defaults and a warning") {
  auto config = must_load(load(config_source{}, test_registry()));
  CHECK(config.node == node_config{});
  REQUIRE(config.warnings.size() == 1);
  CHECK_THAT(to_string(config.warnings[0]),
             ContainsSubstring("nothing to serve"));
}

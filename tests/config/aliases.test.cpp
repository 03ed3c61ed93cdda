#include "caf_pool/config/aliases.hpp"

#include "caf_pool/core/settings.hpp"

#include "fixture.hpp"

#include <set>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

pool_config main_of(const std::string& lines) {
  auto config = must_load(load_toml("[pools.main]\n" + lines));
  return config.node.pools.at(0);
}

std::string refused(const std::string& lines) {
  return problems_of(load_toml("[pools.main]\n" + lines));
}

} // namespace

TEST_CASE("every other spelling leads to a setting and is none itself") {
  std::set<std::string_view> keys;
  pool_config x;
  for_each_setting(
    x, [&](const auto& what, const auto&) { keys.insert(what.key); });
  std::set<std::string_view> spellings;
  for (auto& y : aliases()) {
    CAPTURE(y.spelling);
    CHECK(keys.count(y.key) == 1);
    CHECK(keys.count(y.spelling) == 0);
    CHECK(spellings.insert(y.spelling).second);
  }
  for (auto& y : fixed_settings())
    CHECK(keys.count(y.key) + spellings.count(y.key) == 0);
}

TEST_CASE("the spellings of the five systems are understood") {
  CHECK(main_of("max_pool_size = 100").max_size == 100);
  CHECK(main_of("min_pool_size = 3").min_size == 3);
  CHECK(main_of("min_idle = 4").min_size == 4);
  CHECK(main_of("pool_timeout = 30").acquire_timeout == 30s);
  CHECK(main_of("pool_timeout = 0.5").acquire_timeout == 500ms);
  CHECK(main_of("pool_timeout = \"250ms\"").acquire_timeout == 250ms);
  CHECK(main_of("pool_recycle = 1800").max_lifetime == 1800s);
  CHECK(main_of("pool_pre_ping = false").validate_on_acquire == false);
  CHECK(main_of("validate_on_checkout = false").validate_on_acquire == false);
  CHECK(main_of("pool_use_lifo = false").order == hand_out_order::fifo);
  CHECK(main_of("pool_use_lifo = true").order == hand_out_order::lifo);
  CHECK(main_of("idle_timeout = 600").max_idle_time == 600s);
  CHECK(main_of("connect_timeout = 7").open_timeout == 7s);
  CHECK(main_of("command_timeout = 60").execute_timeout == 60s);
  CHECK(main_of("max_retry_attempts = 9").retry.attempts == 9);
  CHECK(main_of("initial_retry_delay = 0.25").retry.start == 250ms);
  CHECK(main_of("max_retry_delay = 60").retry.cap == 60s);
  CHECK(main_of("retry_backoff_multiplier = 3.0").retry.factor == 3.0);
  CHECK(main_of("reset_on_return = true").reset_on_release
        == reset_policy::automatic);
  CHECK(main_of("reset_on_return = \"rollback\"").reset_on_release
        == reset_policy::transaction);
  CHECK(main_of("reset_on_return = \"full\"").reset_on_release
        == reset_policy::full);
  CHECK(main_of("reset_on_return = false").reset_on_release
        == reset_policy::none);
}

TEST_CASE("our own durations never come without a unit", "[F01]") {
  CHECK_THAT(refused("acquire_timeout = 30"),
             ContainsSubstring("the unit is missing"));
  CHECK_THAT(refused("acquire_timeout = 30.5"),
             ContainsSubstring("a duration in quotes"));
  CHECK(main_of("max_lifetime = 0").max_lifetime == 0s);
}

TEST_CASE("two spellings of one setting may agree") {
  CHECK(main_of("pool_timeout = 5\nacquire_timeout = \"5s\"").acquire_timeout
        == 5s);
}

TEST_CASE("two spellings of one setting must not disagree", "[F01]") {
  auto text = refused("pool_timeout = 5\nacquire_timeout = \"6s\"");
  CHECK_THAT(text, ContainsSubstring("pools.main.pool_timeout = 5"));
  CHECK_THAT(text, ContainsSubstring("test.toml:2:16"));
  CHECK_THAT(text, ContainsSubstring("contradicts pools.main.acquire_timeout "
                                     "= 6s (test.toml:3:19)"));
}

// -- pool_size and max_overflow -----------------------------------------------

TEST_CASE("pool_size and max_overflow add up to max_size") {
  auto pool = main_of("pool_size = 10\nmax_overflow = 20");
  CHECK(pool.max_size == 30);
  CHECK(pool.max_overflow == 20);
  pool = main_of("pool_size = 20\nmax_overflow = 30");
  CHECK(pool.max_size == 50);
  CHECK(main_of("pool_size = 7").max_size == 7);
}

TEST_CASE("pool_size counts the overflow of whichever source has it") {
  auto config
    = must_load(load_toml("[defaults]\nmax_overflow = 5\n"
                          "[pools.main]\npool_size = 10\n"));
  CHECK(config.node.pools.at(0).max_size == 15);
  CHECK(config.origins.at("pools.main.max_size") == "test.toml:4");
  config
    = must_load(load_toml("[defaults]\npool_size = 10\n"
                          "[pools.main]\nmax_overflow = 5\n"));
  CHECK(config.node.pools.at(0).max_size == 15);
  CHECK(config.defaults.max_size == 10);
}

TEST_CASE("a later max_size replaces an earlier pool_size, and vice versa") {
  auto config
    = must_load(load_toml("[defaults]\npool_size = 10\n"
                          "max_overflow = 2\n"
                          "[pools.main]\nmax_size = 40\n"));
  CHECK(config.node.pools.at(0).max_size == 40);
  CHECK(config.node.pools.at(0).max_overflow == 2);
  config
    = must_load(load_toml("[defaults]\nmax_size = 40\n"
                          "[pools.main]\npool_size = 4\n"));
  CHECK(config.node.pools.at(0).max_size == 4);
}

TEST_CASE("both models in one table must agree", "[F01]") {
  CHECK(main_of("max_size = 30\npool_size = 10\nmax_overflow = 20").max_size
        == 30);
  auto text = refused("max_size = 31\npool_size = 10\nmax_overflow = 20");
  CHECK_THAT(text, ContainsSubstring("contradicts max_size = 31"));
  CHECK_THAT(text, ContainsSubstring("add up to 30"));
}

TEST_CASE("a sum that is out of range is reported where it was written",
          "[F01]") {
  auto text = refused("pool_size = 9999\nmax_overflow = 9999");
  CHECK_THAT(text, ContainsSubstring("test.toml:2:13"));
  CHECK_THAT(text, ContainsSubstring("pools.main.max_size = 19998"));
  CHECK_THAT(text, ContainsSubstring("1 to 10000"));
  CHECK_THAT(refused("pool_size = 4294967295\nmax_overflow = 9999"),
             ContainsSubstring("1 to 10000"));
  CHECK_THAT(refused("pool_size = -1"), ContainsSubstring("is negative"));
}

// -- settings that are not ours -----------------------------------------------

TEST_CASE("a foreign setting is fine if it says what happens anyway") {
  CHECK(main_of("retry_jitter = true\nenable_pool_metrics = true\n"
                "validation_query = \"SELECT 1\"")
        == main_of(""));
}

TEST_CASE("a foreign setting that asks for something else is explained",
          "[F01]") {
  CHECK_THAT(refused("retry_jitter = false"),
             ContainsSubstring("always have full jitter"));
  CHECK_THAT(refused("validation_query = \"SELECT 2\""),
             ContainsSubstring("cannot be chosen"));
  CHECK_THAT(refused("metrics_collection_interval = 5"),
             ContainsSubstring("when somebody asks"));
  CHECK_THAT(problems_of(load_toml("retry_jitter = false")),
             ContainsSubstring("is no known key"));
}

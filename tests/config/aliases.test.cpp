#include "caf_pool/config/aliases.hpp"

#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include "fixture.hpp"

#include <concepts>
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
  CHECK(keys.count(metrics_interval_spelling) == 0);
  CHECK(spellings.count(metrics_interval_spelling) == 0);
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

TEST_CASE("a bare number is seconds for every duration, wherever it stands") {
  auto usual = pool_config{};
  usual.leak_threshold = 60s;
  usual.leak_revoke = 90s;
  usual.breaker.slow_call = 2s;
  std::string lines;
  std::size_t count = 0;
  for_each_setting(usual, [&](const auto& what, const auto& value) {
    if constexpr (std::same_as<std::decay_t<decltype(value)>, duration>) {
      auto number = std::chrono::duration<double>(value).count();
      lines += std::string{what.key} + " = " + to_setting_text(number) + '\n';
      ++count;
    }
  });
  CHECK(count > 20);
  CHECK(main_of(lines) == usual);
}

TEST_CASE("the durations of the five systems need no unit") {
  CHECK(main_of("acquire_timeout = 30").acquire_timeout == 30s);
  CHECK(main_of("max_idle_time = 300").max_idle_time == 300s);
  CHECK(main_of("max_lifetime = 3600").max_lifetime == 3600s);
  CHECK(main_of("health_check_interval = 10.0").health_check_interval == 10s);
  CHECK(main_of("health_check_timeout = 5.0").health_check_timeout == 5s);
  CHECK(main_of("validation_bypass = 1e-3").validation_bypass == 1ms);
  auto node = must_load(load_toml("[remote]\nlease_ttl = 7\n")).node;
  CHECK(node.remote.lease_ttl == 7s);
  auto variable = load_env("[pools.main]\n",
                           {{"CAF_POOL__POOLS__MAIN__ACQUIRE_TIMEOUT", "1.5"}});
  CHECK(must_load(std::move(variable)).node.pools.at(0).acquire_timeout
        == 1500ms);
  config_source source;
  source.overrides = {"pools.main.acquire_timeout=12"};
  CHECK(must_load(load_toml("[pools.main]\n", source))
          .node.pools.at(0)
          .acquire_timeout
        == 12s);
}

TEST_CASE("a number of seconds that is none is refused in words", "[F01]") {
  CHECK_THAT(refused("acquire_timeout = -1"),
             ContainsSubstring("must be from 1ms to 1d"));
  CHECK_THAT(refused("acquire_timeout = 86401"),
             ContainsSubstring("must be from 1ms to 1d"));
  for (auto value : {"nan", "inf", "-inf", "1e300", "9223372036854775807",
                     "1e-10", "true", "\"30\"", "[30]"})
    CHECK_THAT(refused(std::string{"acquire_timeout = "} + value),
               ContainsSubstring("duration"));
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

TEST_CASE("a source with max_size alone forgets an older overflow") {
  temp_folder folder;
  folder.write("base.toml", "[defaults]\nmax_size = 30\nmax_overflow = 20\n");
  folder.write("mine.toml",
               "[pools.a]\nmax_size = 5\n"
               "[pools.b]\nmax_overflow = 4\n"
               "[pools.c]\npool_size = 5\n"
               "[pools.d]\n");
  config_source source;
  source.location = folder.path();
  source.profile = "mine";
  auto sizes = [&] {
    auto config = must_load(load(source, test_registry()));
    std::vector<std::pair<unsigned, unsigned>> result;
    for (auto& pool : config.node.pools)
      result.emplace_back(pool.max_size, pool.max_overflow);
    return result;
  };
  using list = std::vector<std::pair<unsigned, unsigned>>;
  CHECK(sizes() == list{{5, 0}, {30, 4}, {25, 20}, {30, 20}});
  source.environment = {{"CAF_POOL__POOLS__B__MAX_SIZE", "3"},
                        {"CAF_POOL__POOLS__D__MAX_SIZE", "8"},
                        {"CAF_POOL__POOLS__D__MAX_OVERFLOW", "2"}};
  CHECK(sizes() == list{{5, 0}, {3, 0}, {25, 20}, {8, 2}});
}

// -- settings that have another place here ------------------------------------

TEST_CASE("what the five systems choose can be chosen") {
  auto pool = main_of(
    "retry_jitter = false\nenable_pool_metrics = false\n"
    "validation_query = \"SELECT 2\"\n"
    "validate_on_return = true");
  CHECK_FALSE(pool.retry.jitter);
  CHECK_FALSE(pool.metrics);
  CHECK(pool.validation_query == "SELECT 2");
  CHECK(pool.validate_on_release);
}

TEST_CASE("the interval of metrics may be written with a pool") {
  auto interval = [](const std::string& toml) {
    return must_load(load_toml(toml)).node.admin.metrics_interval;
  };
  auto line = std::string{"metrics_collection_interval = "};
  CHECK(interval("[pools.main]\n" + line + "7") == 7s);
  CHECK(interval("[defaults]\n" + line + "\"8s\"") == 8s);
  CHECK(interval("[admin]\n" + line + "9.5") == 9500ms);
  CHECK(interval("[pools.a]\n" + line + "6\n[pools.b]\n" + line + "6") == 6s);
  auto text = problems_of(
    load_toml("[pools.a]\n" + line + "6\n[pools.b]\n" + line + "7"));
  CHECK_THAT(text,
             ContainsSubstring("pools.b.metrics_collection_interval = 7"));
  CHECK_THAT(text, ContainsSubstring("contradicts pools.a.metrics_collection"));
  CHECK_THAT(refused("[pools.main.sqlite]\n" + line + "6"),
             ContainsSubstring("is no known key"));
}

#include "caf_pool/config/render.hpp"

#include "caf_pool/config/toml_text.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include "fixture.hpp"

#include <rapidcheck.h>

#include <limits>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

// Draws a value from the range of a setting.
template <class T>
T draw(const setting<T>& what) {
  if constexpr (std::is_same_v<T, bool>)
    return *rc::gen::arbitrary<bool>();
  else if constexpr (std::is_same_v<T, duration>)
    return duration{*rc::gen::inRange(what.min.count(), what.max.count() + 1)};
  else if constexpr (std::is_same_v<T, double>)
    return what.min
           + (what.max - what.min) * *rc::gen::inRange(0, 1'000'000) / 1e6;
  else if constexpr (std::is_enum_v<T>)
    return static_cast<T>(
      *rc::gen::inRange<std::size_t>(0, names_of(T{}).size()));
  else if constexpr (std::is_same_v<T, std::string>) {
    if (!what.allowed.empty())
      return std::string{
        what.allowed[*rc::gen::inRange<std::size_t>(0, what.allowed.size())]};
    return {};
  } else {
    return static_cast<T>(
      *rc::gen::inRange<std::uint64_t>(what.min, std::uint64_t{what.max} + 1));
  }
}

struct randomizer {
  template <class T>
  void operator()(const setting<T>& what, T& field) const {
    if (*rc::gen::inRange(0, 4) == 0)
      field = draw(what);
  }
};

// Anything that fits in TOML, with the characters that need care.
std::string draw_text() {
  auto parts = *rc::gen::container<std::vector<std::string>>(
    rc::gen::element<std::string>("a", "\"", "\\", "#", " ", "=", "\n", "\t",
                                  "\x01", "caf\xc3\xa9", "'", "]", "."));
  std::string str;
  for (auto& part : parts)
    str += part;
  return str;
}

loaded_config draw_config() {
  loaded_config config;
  for_each_node_setting(config.node, randomizer{});
  config.node.name = "n" + std::to_string(*rc::gen::inRange(0, 100));
  config.node.remote.address = config.node.admin.address = "127.0.0.1";
  config.node.remote.token_file = draw_text();
  for (auto* name : {"C_", "a", "b-1"}) {
    pool_config pool;
    pool.name = name;
    pool.backend = "fake";
    for_each_setting(pool, randomizer{});
    if (*rc::gen::arbitrary<bool>())
      pool.options["host"] = draw_text();
    config.node.pools.push_back(pool);
  }
  for_each_setting(config.defaults, randomizer{});
  return config;
}

// Loading refuses contradictions: only valid configurations are rendered.
bool is_valid(const loaded_config& config) {
  auto defaults = config.defaults;
  return validate(config.node).empty() && validate(defaults).empty();
}

} // namespace

TEST_CASE("what is rendered loads again to the same values") {
  int valid = 0;
  CHECK(rc::check([&] {
    auto config = draw_config();
    if (!is_valid(config)) {
      // Reset what may contradict, and keep the rest.
      auto repair = [](pool_config& x) {
        pool_config fresh;
        x.min_size = fresh.min_size;
        x.max_size = fresh.max_size;
        x.max_overflow = fresh.max_overflow;
        x.max_lifetime = fresh.max_lifetime;
        x.validation_bypass = fresh.validation_bypass;
        x.health_check_interval = fresh.health_check_interval;
        x.health_check_timeout = fresh.health_check_timeout;
        x.shed_target = fresh.shed_target;
        x.shed_interval = fresh.shed_interval;
        x.leak_threshold = fresh.leak_threshold;
        x.leak_revoke = fresh.leak_revoke;
        x.retry.start = fresh.retry.start;
        x.retry.cap = fresh.retry.cap;
        x.retry.floor = fresh.retry.floor;
        x.breaker.open_time = fresh.breaker.open_time;
        x.breaker.open_cap = fresh.breaker.open_cap;
        x.workers = fresh.workers;
      };
      repair(config.defaults);
      for (auto& pool : config.node.pools)
        repair(pool);
      config.node.remote.heartbeat = remote_config{}.heartbeat;
      config.node.remote.lease_ttl = remote_config{}.lease_ttl;
      config.node.remote.port = 1;
      config.node.admin.port = 2;
    }
    RC_ASSERT(is_valid(config));
    ++valid;
    auto with_origin = *rc::gen::arbitrary<bool>();
    auto text = render_toml(config, with_origin);
    auto again = load_toml(text);
    RC_LOG() << text << again.error().message;
    RC_ASSERT(static_cast<bool>(again));
    RC_ASSERT(again->node == config.node);
    RC_ASSERT(again->defaults == config.defaults);
  }));
  CHECK(valid == 100);
}

TEST_CASE("the shipped development profile survives rendering") {
  config_source source;
  source.location = shipped_folder();
  source.profile = "dev";
  source.environment = {{"HOME", "/home/ann"}};
  auto config = must_load(load(source, test_registry()));
  config_source again;
  again.profile = "dev";
  auto other = must_load(load_toml(render_toml(config, true), again));
  CHECK(other.node == config.node);
  CHECK(other.defaults == config.defaults);
}

TEST_CASE("origins are comments at the end of the line") {
  auto config = must_load(load_toml("[pools.main]\nmax_size = 3\n"));
  auto text = render_toml(config, true);
  CHECK_THAT(text, ContainsSubstring("\nmax_size = 3  # test.toml:2\n"));
  CHECK_THAT(text, ContainsSubstring("\nmin_size = 1  # default\n"));
  CHECK_THAT(render_toml(config, false), !ContainsSubstring("#"));
}

TEST_CASE("how a password was given is rendered, the password is not",
          "[X02]") {
  temp_folder folder;
  auto path = folder.write("pw", canary).string();
  auto config = must_load(
    load_env("[pools.a]\npassword_file = \"" + path + "\"\n[pools.b]\n",
             {{"CAF_POOL__POOLS__B__PASSWORD", std::string{canary}}}));
  auto text = render_toml(config, true);
  CHECK_THAT(text, ContainsSubstring("password_file = \"" + path + "\""));
  CHECK_THAT(text, ContainsSubstring("# password is set, but not shown: "
                                     "environment "
                                     "CAF_POOL__POOLS__B__PASSWORD"));
  CHECK_THAT(text, !ContainsSubstring(std::string{canary}));
  auto again = must_load(load_toml(text));
  CHECK(again.node.pools.at(0) == config.node.pools.at(0));
  CHECK(again.node.pools.at(1).password.empty());
}

TEST_CASE("the list for other programs has key, value and origin") {
  auto config = must_load(
    load_env("[pools.main]\nmax_size = 3\n[pools.main.sqlite]\npath = \"x\"\n",
             {{"CAF_POOL__NODE__NAME", "east"},
              {"CAF_POOL__POOLS__MAIN__PASSWORD", std::string{canary}}}));
  auto list = list_settings(config);
  auto has = [&](const shown_setting& x) {
    return std::find(list.begin(), list.end(), x) != list.end();
  };
  CHECK(has({"node.name", "east", "environment CAF_POOL__NODE__NAME"}));
  CHECK(has({"pools.main.max_size", "3", "test.toml:2"}));
  CHECK(has({"pools.main.sqlite.path", "x", "test.toml:4"}));
  CHECK(has({"pools.main.retry.start", "500ms", "default"}));
  CHECK(has({"pools.main.password", "***",
             "environment CAF_POOL__POOLS__MAIN__PASSWORD"}));
  for (auto& x : list)
    CHECK_FALSE(x.key.starts_with("defaults."));
}

TEST_CASE("text is quoted such that any reader gets it back") {
  CHECK(detail::quote_toml("a\"b\\c") == "\"a\\\"b\\\\c\"");
  CHECK(detail::quote_toml("\n\x7f") == "\"\\u000a\\u007f\"");
}

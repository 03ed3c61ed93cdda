#include "caf_pool/config/reference.hpp"

#include "caf_pool/config/profiles.hpp"
#include "caf_pool/settings/settings.hpp"

#include "fixture.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

std::string shipped_base() {
  std::ifstream in{shipped_folder() / "base.toml", std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

// CAF_POOL_REWRITE=1 makes this test write the file instead.
TEST_CASE("base.toml is what the code says: every key, default and sentence") {
  auto registry = backend_registry::with_defaults();
  if (registry.find("postgres") == nullptr)
    SKIP("base.toml also shows the options of PostgreSQL");
  auto expected = render_reference(registry);
  if (std::getenv("CAF_POOL_REWRITE") != nullptr)
    std::ofstream{shipped_folder() / "base.toml", std::ios::binary} << expected;
  CHECK(shipped_base() == expected);
}

TEST_CASE("base.toml alone loads to the defaults in the code", "[F01]") {
  config_source source;
  source.location = shipped_folder();
  auto config = must_load(load(source, backend_registry::with_defaults()));
  auto expected = base_profile_defaults();
  expected.name = config.defaults.name;
  CHECK(config.defaults == expected);
  node_config node;
  node.profile = "base";
  CHECK(config.node == node);
}

TEST_CASE("the base profile has 10 connections and 20 more under load") {
  auto base = base_profile_defaults();
  CHECK(base.min_size == 1);
  CHECK(base.max_size == 30);
  CHECK(base.max_overflow == 20);
  // The rest is what the code says, where all connections are alike.
  pool_config fresh;
  base.max_size = fresh.max_size;
  base.max_overflow = fresh.max_overflow;
  CHECK(base == fresh);
}

TEST_CASE("base.toml writes every key, so that a profile can be cut from it") {
  config_source source;
  source.location = shipped_folder();
  auto config = must_load(load(source, backend_registry::with_defaults()));
  auto written = [&](const std::string& key) {
    auto i = config.origins.find(key);
    return i != config.origins.end() && i->second.starts_with("base.toml:");
  };
  for_each_node_setting(config.node, [&](const auto& x, const auto&) {
    CAPTURE(x.key);
    CHECK(written(std::string{x.key}));
  });
  for_each_setting(config.defaults, [&](const auto& x, const auto&) {
    CAPTURE(x.key);
    CHECK(written("defaults." + std::string{x.key}));
  });
}

TEST_CASE("the commented example of base.toml is valid itself") {
  auto text = render_reference(test_registry());
  auto begin = text.find("# [pools.main]");
  auto end = text.find("# -- other spellings");
  REQUIRE(begin != text.npos);
  REQUIRE(end != text.npos);
  std::string example;
  for (auto i = begin; i < end; i = text.find('\n', i) + 1) {
    auto line = text.substr(i, text.find('\n', i) - i);
    // Passwords need files that are not there.
    if (line.starts_with("# ") && line.find("password") == line.npos)
      example += line.substr(2) + '\n';
  }
  auto config = must_load(load_toml(example));
  REQUIRE(config.node.pools.size() == 1);
  CHECK(config.node.pools[0].max_size == 30);
  CHECK(config.node.pools[0].max_overflow == 20);
  // The table of the other backends is there for reading.
  CHECK(config.warnings.size() == test_registry().names().size() - 1);
}

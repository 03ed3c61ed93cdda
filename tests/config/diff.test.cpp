#include "caf_pool/config/diff.hpp"

#include "caf_pool/settings/settings.hpp"

#include "fixture.hpp"
#include "support/other_value.hpp"

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

config_diff diff(const node_config& from, const node_config& to) {
  return caf_pool::diff(from, to, backend_registry::with_defaults());
}

// The only change between a node with the pool "main" and the same after `f`.
template <class F>
config_change change_by(F f) {
  auto from = node_with({"main"});
  auto to = from;
  f(to, to.pools[0]);
  auto result = diff(from, to);
  REQUIRE(result.changes.size() == 1);
  return result.changes[0];
}

} // namespace

TEST_CASE("equal configurations have no differences") {
  auto x = node_with({"main", "other"});
  CHECK(diff(x, x).empty());
  CHECK(diff(x, x) == config_diff{});
}

TEST_CASE("limits change live, no connection is touched",
          "[F03][F04][trap-T67]") {
  auto x = change_by([](auto&, auto& pool) { pool.max_size = 20; });
  CHECK(
    x == config_change{"pools.main.max_size", "10", "20", change_effect::live});
  x = change_by([](auto&, auto& pool) { pool.breaker.window = 1s; });
  CHECK(x.key == "pools.main.breaker.window");
  CHECK(x.effect == change_effect::live);
  x = change_by([](auto& node, auto&) { node.log.level = "debug"; });
  CHECK(x == config_change{"log.level", "info", "debug", change_effect::live});
}

TEST_CASE("where and as whom to connect recycles the connections",
          "[F03][trap-T67]") {
  auto x = change_by([](auto&, auto& pool) { pool.options["host"] = "db"; });
  CHECK(x
        == config_change{"pools.main.sqlite.host", "", "db",
                         change_effect::recycle});
}

TEST_CASE("a rotated password recycles and stays masked", "[F05][X02]") {
  auto x = change_by(
    [](auto&, auto& pool) { pool.password = secret{std::string{canary}}; });
  CHECK(
    x
    == config_change{"pools.main.password", "", "***", change_effect::recycle});
}

TEST_CASE("what a backend copies takes new connections", "[F03][trap-T67]") {
  auto x = change_by([](auto&, auto& pool) { pool.max_result_bytes = 2048; });
  CHECK(x.key == "pools.main.max_result_bytes");
  CHECK(x.effect == change_effect::recycle);
  x = change_by([](auto&, auto& pool) { pool.execute_timeout = 1s; });
  CHECK(x.effect == change_effect::recycle);
}

TEST_CASE("another kind of server makes a new pool", "[F03]") {
  auto x = change_by([](auto&, auto& pool) { pool.backend = "postgres"; });
  CHECK(x.effect == change_effect::replace);
}

TEST_CASE("what a running node cannot change is sealed", "[F04]") {
  auto from = node_with({"main"});
  auto to = from;
  to.remote.port = 1;
  to.scheduler_threads = 4;
  to.profile = "prod";
  to.drain_timeout = 1s;
  auto result = diff(from, to);
  CHECK(result.changes.size() == 4);
  std::vector<std::string> keys;
  for (auto& x : result.sealed())
    keys.push_back(x.key);
  CHECK(keys
        == std::vector<std::string>{"node.scheduler_threads", "remote.port",
                                    "node.profile"});
}

TEST_CASE("pools come and go by name") {
  auto result = diff(node_with({"a", "b"}), node_with({"b", "c"}));
  CHECK(result.added == std::vector<std::string>{"c"});
  CHECK(result.removed == std::vector<std::string>{"a"});
  CHECK(result.changes.empty());
  CHECK_FALSE(result.empty());
}

TEST_CASE("the strongest effect counts for a pool") {
  auto registry = backend_registry::with_defaults();
  auto from = pool_config{};
  auto to = from;
  CHECK(strongest_effect(diff_pools(from, to, registry))
        == change_effect::live);
  to.max_size = 20;
  to.options["path"] = "x";
  CHECK(strongest_effect(diff_pools(from, to, registry))
        == change_effect::recycle);
  // A pool cannot do anything about what only a restart changes.
  to = from;
  to.warm_up_timeout = 1s;
  auto changes = diff_pools(from, to, registry);
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].effect == change_effect::restart);
  CHECK(strongest_effect(changes) == change_effect::live);
}

TEST_CASE("every setting that differs is found", "[trap-T67]") {
  auto from = node_with({"main"});
  auto to = from;
  std::size_t expected = 0;
  for_each_setting(to.pools[0], [&](const auto& x, auto& field) {
    change(x, field);
    ++expected;
  });
  CHECK(diff(from, to).changes.size() == expected);
}

TEST_CASE("effects have names") {
  CHECK(to_string(change_effect::live) == "live");
  CHECK(to_string(change_effect::recycle) == "recycle");
  CHECK(to_string(change_effect::replace) == "replace");
  CHECK(to_string(change_effect::restart) == "restart");
}

TEST_CASE("a broken file leaves nothing half applied", "[F02]") {
  temp_folder folder;
  folder.write("base.toml", "[pools.main]\nmax_size = 3\n");
  config_source source;
  source.location = folder.path();
  auto registry = test_registry();
  auto before = must_load(load(source, registry));
  folder.write("base.toml", "[pools.main]\nmax_size = 4\nmin_size = 9\n");
  auto broken = load(source, registry);
  CHECK_FALSE(broken);
  CHECK(broken.problems().size() == 1);
  folder.write("base.toml", "[pools.main]\nmax_size = 4\n");
  auto after = must_load(load(source, registry));
  CHECK(diff(before.node, after.node).changes.size() == 1);
}

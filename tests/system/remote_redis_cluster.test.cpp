// A pool of a Redis cluster in a real node, from other processes.

#include "caf_pool/remote.hpp"

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/private_redis_cluster.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

std::string configuration(const private_redis& seed) {
  return "[pools.main]\nbackend = \"sqlite\"\nmax_size = 1\n"
         "[pools.main.sqlite]\npath = \":memory:\"\n"
         "[pools.cache]\nbackend = \"redis\"\nmax_size = 4\n"
         "acquire_timeout = \"5min\"\nopen_timeout = \"5min\"\n"
         "execute_timeout = \"5min\"\n"
         "[pools.cache.redis]\ncluster = true\nendpoints = \"127.0.0.1:"
         + std::to_string(seed.port()) + "\"\n";
}

} // namespace

TEST_CASE("a node serves a Redis cluster like a server") {
  if (!private_redis_cluster::available())
    SKIP("redis-server or redis-cli is not installed");
  auto& cluster = private_redis_cluster::shared();
  REQUIRE(cluster.wait_until_ok());
  running_node node{configuration(*cluster.nodes().front())};
  remote_options options;
  options.address = node.remote;
  options.token
    = token_from_file((node.folder.path / "token").string(), options.principal)
        .value();
  options.limit = 5min;
  auto client = remote_client::connect(options).value();
  remote_redis cache{client, "cache"};
  std::vector<redis_command> commands;
  for (auto i = 0; i < 60; ++i)
    commands.emplace_back("INCRBY", "k" + std::to_string(i), i);
  auto many = cache.pipeline(commands).value();
  REQUIRE(many.items.size() == 60);
  for (auto i = 0; i < 60; ++i)
    CHECK(
      many.items[static_cast<std::size_t>(i)].value().as<std::int64_t>().value()
      == i);
  CHECK(cache.command<std::int64_t>("DBSIZE").value() == 60);
  auto cross = cache.command("MSET", "a", 1, "b", 2);
  REQUIRE_FALSE(cross);
  CHECK(cross.error().state == "CROSSSLOT");
  CHECK(cache.command<std::string>("GET", "k59").value() == "59");
  auto held = client.acquire("cache").value();
  REQUIRE(held.run(work{redis_command{"WATCH", "{t}a"}}));
  auto both = redis_commands{};
  both.items.emplace_back("SET", "{t}a", 1);
  both.items.emplace_back("INCR", "{t}a");
  both.as = redis_commands::form::transaction;
  CHECK(held.run(work{both}));
  held.release();
  CHECK(node.ctl({"exec", "cache", "GET {t}a"}).out.find("2")
        != std::string::npos);
}

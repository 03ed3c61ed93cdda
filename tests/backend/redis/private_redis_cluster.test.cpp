#include "support/private_redis_cluster.hpp"

#include "support/catch_compat.hpp"

#include <set>
#include <stdexcept>
#include <string>

using namespace caf_pool::test;

namespace {

#define NEED_REDIS_CLUSTER()                                                   \
  if (!private_redis_cluster::available())                                     \
  SKIP("redis-server or redis-cli is not installed")

// "123" in slot 5970, that of the second third.
constexpr std::uint16_t slot_of_123 = 5970;

} // namespace

TEST_CASE("a private Redis cluster has three masters with a replica each") {
  NEED_REDIS_CLUSTER();
  auto& cluster = private_redis_cluster::shared();
  REQUIRE(cluster.wait_until_ok());
  std::set<private_redis*> members;
  for (std::uint16_t slot : {0, 8000, 16383}) {
    auto& master = cluster.master_of(slot);
    members.insert(&master);
    members.insert(&cluster.replica_of(master));
  }
  CHECK(members.size() == 6);
  CHECK(cluster.nodes().size() == 6);
  auto& master = cluster.master_of(slot_of_123);
  CHECK(master.query({"SET", "123", "value"}) == "OK");
  CHECK_THROWS_WITH(cluster.replica_of(master).query({"SET", "123", "value"}),
                    "MOVED 5970 127.0.0.1:" + std::to_string(master.port()));
}

TEST_CASE("a private Redis cluster moves slots with their keys") {
  NEED_REDIS_CLUSTER();
  auto& cluster = private_redis_cluster::shared();
  REQUIRE(cluster.wait_until_ok());
  auto& from = cluster.master_of(0);
  auto& to = cluster.master_of(16383);
  auto key = std::string{"key-in-slot-0"};
  for (int i = 0; from.query({"CLUSTER", "KEYSLOT", key}) != "0"; ++i)
    key = std::to_string(i);
  CHECK(from.query({"SET", key, "value"}) == "OK");
  cluster.reshard(from, to, 2);
  CHECK(&cluster.master_of(0) == &to);
  CHECK(&cluster.master_of(1) == &to);
  CHECK(&cluster.master_of(2) == &from);
  CHECK(to.query({"GET", key}) == "value");
  cluster.reshard(to, from, 1);
}

TEST_CASE("a private Redis cluster fails over when it is told to") {
  NEED_REDIS_CLUSTER();
  auto& cluster = private_redis_cluster::shared();
  REQUIRE(cluster.wait_until_ok());
  auto& old = cluster.master_of(slot_of_123);
  auto& next = cluster.replica_of(old);
  cluster.fail_over(next);
  CHECK(&cluster.master_of(slot_of_123) == &next);
  CHECK(&cluster.replica_of(next) == &old);
}

TEST_CASE("a private Redis cluster replaces a master that was killed") {
  NEED_REDIS_CLUSTER();
  auto& cluster = private_redis_cluster::shared();
  REQUIRE(cluster.wait_until_ok());
  auto& old = cluster.master_of(16383);
  auto& next = cluster.replica_of(old);
  old.kill9();
  REQUIRE(cluster.wait_until_ok());
  CHECK(&cluster.master_of(16383) == &next);
  CHECK_THROWS_AS(cluster.replica_of(next), std::runtime_error);
  old.start();
  REQUIRE(cluster.wait_until_ok());
  CHECK(&cluster.replica_of(next) == &old);
}

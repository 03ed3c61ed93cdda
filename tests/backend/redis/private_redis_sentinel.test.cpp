#include "support/private_redis_sentinel.hpp"

#include "support/catch_compat.hpp"

#include <string>

using namespace caf_pool::test;

namespace {

#define NEED_REDIS_SENTINEL()                                                  \
  if (!private_redis::available())                                             \
  SKIP("redis-server is not installed")

} // namespace

TEST_CASE("a private Redis sentinel promotes the replica of a killed master") {
  NEED_REDIS_SENTINEL();
  private_redis_sentinel group{3};
  CHECK(group.sentinels().size() == 3);
  auto& old = group.master();
  auto& next = group.replica();
  CHECK(&old == group.servers().front());
  old.kill9();
  REQUIRE(group.wait_until_ok());
  CHECK(&group.master() == &next);
  CHECK(next.query({"SET", "key", "value"}) == "OK");
  old.start();
  REQUIRE(group.wait_until_ok());
  CHECK(&group.master() == &next);
  CHECK(old.query({"GET", "key"}) == "value");
}

TEST_CASE("a private Redis sentinel fails over when it is told to") {
  NEED_REDIS_SENTINEL();
  private_redis_sentinel group;
  auto& old = group.master();
  group.fail_over();
  CHECK(&group.master() != &old);
  REQUIRE(group.wait_until_ok());
  CHECK(&group.replica() == &old);
  group.fail_over();
  CHECK(&group.master() == &old);
  CHECK(group.sentinels().front()->query(
          {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"})
        == "127.0.0.1\n" + std::to_string(old.port()));
}

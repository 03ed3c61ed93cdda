// What a subscriber hears, as messages to an actor.

#include "caf_pool/actors.hpp"

#include "redis_news.hpp"
#include "support/catch_compat.hpp"

#include <string>
#include <variant>
#include <vector>

using namespace caf_pool;

using test::news_spec;
using test::plenty;
using test::private_redis;

TEST_CASE("an actor receives messages and gaps of a subscriber") {
  private_redis server;
  caf::actor_system_config settings;
  configure_pools(settings);
  caf::actor_system sys{settings};
  caf::scoped_actor self{sys};
  redis_subscriber news{news_spec(server)};
  auto held = news.subscribe(
    {.channels = {"a"}}, forward_to(caf::actor_cast<caf::actor>(self)), plenty);
  REQUIRE(held);
  std::vector<std::variant<redis_message, redis_gap>> got;
  auto receive = [&] {
    self->receive([&](const redis_message& x) { got.emplace_back(x); },
                  [&](const redis_gap& x) { got.emplace_back(x); },
                  caf::after(test::patience) >> [] {});
  };
  server.query({"PUBLISH", "a", "before"});
  receive();
  server.query({"CLIENT", "KILL", "TYPE", "pubsub"});
  receive();
  server.query({"PUBLISH", "a", "after"});
  receive();
  REQUIRE(got.size() == 3);
  CHECK(std::get<redis_message>(got[0]) == redis_message{"a", {}, "before"});
  CHECK(std::get<redis_gap>(got[1]).generation == 2);
  CHECK(std::get<redis_message>(got[2]).payload == "after");
}

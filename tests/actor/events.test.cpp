#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

std::vector<event_kind> kinds(const listener& x) {
  std::vector<event_kind> result;
  for (auto& event : x.events())
    result.push_back(event.kind);
  return result;
}

} // namespace

TEST_CASE("subscribers hear of everything in the order of its happening",
          "[A05]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  auto config = quiet_pool(1);
  config.name = "orders";
  any_pool db{world.sys, config, server};
  listener ears{world.sys};
  client me{world.sys};
  auto& pool = db.actors().address;
  me.subscribe_for(ears.actor(), pool);
  me.subscribe_for(ears.actor(), pool); // heard once all the same
  auto held = db.acquire().value();
  db.acquire_async([](result<lease>) {});
  REQUIRE(ears.wait_for(event_kind::exhausted));
  held.discard("it looked odd");
  REQUIRE(ears.wait_for(event_kind::connection_opened, 2));
  REQUIRE(at_rest(db));
  REQUIRE(me.get<accepted>(pool, control{control::verb::pause, {}}));
  REQUIRE(me.get<accepted>(pool, control{control::verb::resume, {}}));
  REQUIRE(db.drain(60s).has_value());
  REQUIRE(ears.wait_for(event_kind::drained));
  using enum event_kind;
  // What makes room for the second connection may come before or after it.
  auto heard = kinds(ears);
  std::erase(heard, recovered);
  std::erase(heard, freeze_detected); // a busy machine's
  CHECK(heard
        == std::vector{connection_opened, exhausted, connection_lost,
                       connection_opened, paused, resumed, draining,
                       connection_retired, drained});
  for (auto& event : ears.events())
    CHECK(event.pool == "orders");
  CHECK(ears.events(recovered).size() == 1);
  CHECK_THAT(ears.events(exhausted)[0].text,
             ContainsSubstring("1 of 1 leased"));
}

TEST_CASE("who is there from the start hears of the first opening", "[A05]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  server->answer(backend_call::open, failing(errc::open_refused, "no folder"));
  auto config = quiet_pool(1);
  config.warm_up = warm_up_policy::to_min;
  config.min_size = 1;
  listener ears{world.sys};
  auto pool = spawn_pool(world.sys, config, server, {}, {ears.actor()});
  // Refused for good, it would try again after half a minute only.
  REQUIRE(ears.wait_for(event_kind::open_failed));
  CHECK_THAT(ears.events()[0].text, ContainsSubstring("no folder"));
  client me{world.sys};
  CHECK(me.get<accepted>(pool->address, control{control::verb::drain, 0s}));
}

TEST_CASE("who unsubscribes hears no more") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(1), server};
  listener ears{world.sys};
  listener witness{world.sys};
  client me{world.sys};
  auto& pool = db.actors().address;
  me.tell(pool, subscribe{false, ears.actor()});
  me.tell(pool, subscribe{false, witness.actor()});
  REQUIRE(me.get<accepted>(pool, control{control::verb::pause, {}}));
  REQUIRE(ears.wait_for(event_kind::paused));
  me.tell(pool, subscribe{true, ears.actor()});
  REQUIRE(me.get<accepted>(pool, control{control::verb::resume, {}}));
  REQUIRE(witness.wait_for(event_kind::resumed));
  me.tell(pool, subscribe{false, ears.actor()});
  REQUIRE(me.get<accepted>(pool, control{control::verb::pause, {}}));
  REQUIRE(ears.wait_for(event_kind::paused, 2));
  CHECK(ears.events(event_kind::resumed).empty());
}

TEST_CASE("a dead subscriber is forgotten, and the others hear on",
          "[K08][trap-T63]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(1), server};
  listener ears{world.sys};
  listener dying{world.sys};
  client me{world.sys};
  auto& pool = db.actors().address;
  me.tell(pool, subscribe{false, ears.actor()});
  me.tell(pool, subscribe{false, dying.actor()});
  REQUIRE(me.get<accepted>(pool, control{control::verb::pause, {}}));
  REQUIRE(dying.wait_for(event_kind::paused));
  auto again = GENERATE(false, true);
  if (again) {
    // The next pool actor watches whom the last one left.
    caf::anon_send_exit(db.actors().estate->shell(), caf::exit_reason::kill);
    REQUIRE(ears.wait_for(event_kind::pool_restarted));
  }
  auto address = dying.actor().address();
  dying.die();
  // Nobody keeps it, or its address could be made an actor again.
  CHECK(eventually([&] { return !caf::actor_cast<caf::actor>(address); }));
  REQUIRE(me.get<accepted>(pool, control{control::verb::resume, {}}));
  CHECK(ears.wait_for(event_kind::resumed));
}

#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("a lease given back while its statement runs ends with the statement",
          "[K06][trap-T19]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{world.sys, quiet_pool(1), server};
  auto& pool = db.actors().address;
  client me{world.sys};
  server->hold(backend_call::execute);
  auto order = execute{{"SELECT 1"}};
  order.lease = me.get<lease_grant>(pool, acquire{}).value().lease;
  auto running = me.start(pool, order);
  REQUIRE(server->wait_for_held(backend_call::execute));
  me.tell(pool, release{order.lease, {}});
  // Nobody else may have the connection as long as it is in use.
  CHECK(code_of(db.acquire(100ms)) == errc::acquire_timeout);
  server->stop_holding(backend_call::execute);
  CHECK(answer_of<outcome>(std::move(running)).has_value());
  CHECK(db.execute("SELECT 2").has_value());
  CHECK(at_rest(db));
  CHECK(look(db).counters.leases_revoked == 0);
  CHECK(server->verdict() == "");
}

TEST_CASE("a lease of the front is fenced off, whatever was granted before",
          "[K03][trap-T7]") {
  actor_world world;
  auto server = std::make_shared<scripted_backend>();
  auto config = quiet_pool(1);
  config.validate_on_acquire = false;
  any_pool db{world.sys, config, server};
  auto held = db.acquire();
  REQUIRE(held.has_value());
  // Somebody gives up just before the pool grants it.
  auto [mine, theirs] = make_waiter([](result<loan>) {});
  auto& estate = *db.actors().estate;
  auto wish = acquire_input{};
  wish.caller = estate.next_ticket();
  wish.how.wait_until = clock::now() + far_away;
  estate.queue(wish, std::move(theirs));
  REQUIRE(waiting(db, 1));
  REQUIRE(mine.cancel());
  held->release();
  REQUIRE(at_rest(db));
  auto next = db.acquire(); // from the front
  REQUIRE(next.has_value());
  // Not before: any lease may last so long on a busy machine.
  config.leak_threshold = 20ms;
  config.leak_revoke = 20ms;
  client me{world.sys};
  REQUIRE(me.get<accepted>(db.actors().address, reconfigure{config}));
  REQUIRE(shows(db, [](auto& x) { return x.counters.leases_revoked == 1; }));
  CHECK(code_of(next->execute("SELECT 1")) == errc::lease_lost);
}

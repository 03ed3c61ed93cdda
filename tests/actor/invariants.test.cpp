#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("a pool tells its subscribers of a state that must not be") {
  auto config = quiet_pool(2);
  config.fast_lane = false;
  scripted_pool uut{config};
  REQUIRE(uut.db.acquire().has_value());
  REQUIRE(at_rest(uut.db));
  listener ears{uut.world.sys};
  auto& pool = uut.db.actors();
  uut.me.subscribe_for(ears.actor(), pool.address);
  // No input leads there, so it is put there while nothing happens.
  auto& state = const_cast<pool_state&>(pool.estate->machine->state());
  state.table.records().begin()->second.front_taken = true;
  // Release builds look at one of a thousand inputs.
  for (int i = 0; i < 1000; ++i)
    (void) look(uut.db);
  REQUIRE(ears.wait_for(event_kind::invariant_broken));
  CHECK(ears.events(event_kind::invariant_broken)[0].text
        == "the front is counted wrongly");
  state.table.records().begin()->second.front_taken = false;
}

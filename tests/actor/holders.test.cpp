#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

execute on(lease_id lease, std::string sql) {
  auto result = execute{{std::move(sql)}};
  result.lease = lease;
  return result;
}

/// Lends by the front, or by the machine alone.
pool_config either_lane() {
  auto config = quiet_pool(1);
  config.validate_on_acquire = false;
  config.fast_lane = GENERATE(true, false);
  UNSCOPED_INFO("fast_lane = " << config.fast_lane);
  return config;
}

/// A pool of one connection, which is open, and two clients who want it.
struct fixture {
  actor_world world;
  std::shared_ptr<scripted_backend> server
    = std::make_shared<scripted_backend>();
  pool_config config = either_lane();
  any_pool db{world.sys, config, server};
  pool_handle pool = db.actors().address;
  client first{world.sys};
  client second{world.sys};

  fixture() {
    REQUIRE(db.acquire().has_value());
  }

  /// A lease by id of the first client, from the front if there is one.
  lease_id lease_of_first() {
    auto granted = first.get<lease_grant>(pool, acquire{});
    REQUIRE(granted.has_value());
    CHECK(granted->lease.from_front() == config.fast_lane);
    return granted->lease;
  }
};

} // namespace

TEST_CASE("the lease of a holder who dies comes back, reset, to the next one",
          "[K02][E06][trap-T8]") {
  fixture fx;
  auto mine = fx.lease_of_first();
  auto waiting_one = fx.second.start(fx.pool, acquire{});
  REQUIRE(waiting(fx.db, 1));
  fx.first.die();
  auto next = answer_of<lease_grant>(std::move(waiting_one));
  REQUIRE(next.has_value());
  CHECK(next->lease.connection == mine.connection);
  CHECK(next->lease != mine);
  CHECK(fx.server->count(backend_call::reset) == 1);
  CHECK(fx.second.get<outcome>(fx.pool, on(next->lease, "SELECT 1")));
  fx.second.tell(fx.pool, release{next->lease, {}});
  CHECK(at_rest(fx.db));
  CHECK(look(fx.db).counters.leases_revoked == 1);
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("what a dead holder still runs is stopped before anybody else comes",
          "[K02][trap-T18][trap-T19]") {
  fixture fx;
  auto mine = fx.lease_of_first();
  fx.server->hold(backend_call::execute);
  static_cast<void>(fx.first.start(fx.pool, on(mine, "SELECT pg_sleep(300)")));
  REQUIRE(fx.server->wait_for_held(backend_call::execute));
  auto waiting_one = fx.second.start(fx.pool, acquire{});
  REQUIRE(waiting(fx.db, 1));
  fx.first.die();
  auto next = answer_of<lease_grant>(std::move(waiting_one));
  REQUIRE(next.has_value());
  std::vector<backend_call> order;
  for (auto& call : fx.server->calls())
    order.push_back(call.kind);
  using enum backend_call;
  std::erase(order, probe); // after a freeze
  CHECK(order == std::vector{open, execute, cancel, reset});
  CHECK(fx.server->most_connections() == 1);
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("a statement without a lease ends with whoever wanted it",
          "[K02][trap-T18]") {
  fixture fx;
  fx.server->hold(backend_call::execute);
  static_cast<void>(fx.first.start(fx.pool, execute{{"SELECT 1"}}));
  REQUIRE(fx.server->wait_for_held(backend_call::execute));
  fx.first.die();
  REQUIRE(fx.server->wait_for_calls(backend_call::cancel, 1));
  fx.server->stop_holding(backend_call::execute);
  CHECK(fx.second.get<outcome>(fx.pool, execute{{"SELECT 2"}}));
  CHECK(at_rest(fx.db));
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("nothing is granted to a waiter who died", "[trap-T3][C05]") {
  fixture fx;
  auto held = fx.db.acquire();
  REQUIRE(held.has_value());
  static_cast<void>(fx.first.start(fx.pool, acquire{}));
  REQUIRE(waiting(fx.db, 1));
  auto alive = fx.second.start(fx.pool, acquire{});
  REQUIRE(waiting(fx.db, 2));
  fx.first.die();
  REQUIRE(waiting(fx.db, 1));
  held->release();
  auto next = answer_of<lease_grant>(std::move(alive));
  REQUIRE(next.has_value());
  auto now = look(fx.db);
  CHECK(now.counters.cancelled == 1);
  CHECK(now.counters.acquired == 3);
}

TEST_CASE("an object in a message comes back with its last copy",
          "[K02][K06]") {
  fixture fx;
  auto mine = fx.first.get<lease_ptr>(fx.pool, acquire_lease{});
  REQUIRE(mine.has_value());
  static_cast<void>(fx.first.start(fx.pool, acquire_lease{}));
  REQUIRE(waiting(fx.db, 1));
  auto other = fx.second.start(fx.pool, acquire_lease{});
  REQUIRE(waiting(fx.db, 2));
  fx.first.die(); // nobody will read the answer
  *mine = nullptr;
  CHECK(answer_of<lease_ptr>(std::move(other)).has_value());
  CHECK(at_rest(fx.db));
}

TEST_CASE("a stale or foreign lease changes nothing",
          "[C07][C19][K03][K04][trap-T7]") {
  fixture fx;
  auto old = fx.lease_of_first();
  fx.first.tell(fx.pool, release{old, {}});
  auto held = fx.second.get<lease_grant>(fx.pool, acquire{});
  REQUIRE(held.has_value());
  CHECK(held->lease.connection == old.connection);
  fx.first.tell(fx.pool, release{old, {}});
  fx.first.tell(fx.pool, revoke_lease{old});
  for (auto lease : {old, held->lease}) {
    auto refused = fx.first.get<outcome>(fx.pool, on(lease, "DROP TABLE x"));
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == errc::lease_lost);
  }
  CHECK(fx.server->count(backend_call::execute) == 0);
  CHECK(fx.second.get<outcome>(fx.pool, on(held->lease, "SELECT 1")));
  CHECK(look(fx.db).counters.stale_releases == 2);
  CHECK(look(fx.db).gauges.leased == 1);
}

TEST_CASE("a lease that is taken away is lost to its holder at once",
          "[K03][trap-T61]") {
  fixture fx;
  auto mine = fx.lease_of_first();
  fx.second.tell(fx.pool, revoke_lease{mine});
  auto next = fx.second.get<lease_grant>(fx.pool, acquire{});
  REQUIRE(next.has_value());
  auto refused = fx.first.get<outcome>(fx.pool, on(mine, "SELECT 1"));
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == errc::lease_lost);
  CHECK(fx.server->count(backend_call::reset) == 1);
}

TEST_CASE("a holder says that the server failed it", "[V03][trap-T20]") {
  fixture fx;
  auto mine = fx.lease_of_first();
  fx.first.tell(fx.pool, release{mine, {errc::connection_lost, "reset", {}}});
  auto next = fx.first.get<lease_grant>(fx.pool, acquire{});
  REQUIRE(next.has_value());
  CHECK(next->lease.connection != mine.connection);
  CHECK(look(fx.db).counters.lost == 1);
}

TEST_CASE("a client who comes often is watched once", "[K05]") {
  fixture fx;
  for (int i = 0; i < 300; ++i) {
    auto mine = fx.lease_of_first();
    fx.first.tell(fx.pool, release{mine, {}});
  }
  static_cast<void>(fx.lease_of_first());
  fx.first.die();
  CHECK(at_rest(fx.db));
  CHECK(look(fx.db).counters.leases_revoked == 1);
  CHECK(look(fx.db).counters.stale_releases == 0);
}

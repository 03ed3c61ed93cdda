#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

// Leases by id that the pool's actor takes from the front for their holders: as
// quick as any caller's, and not to be told from those that the machine grants.

namespace {

pool_config with_front(std::uint32_t max) {
  auto config = quiet_pool(max);
  config.validate_on_acquire = false;
  return config;
}

struct fixture : scripted_pool {
  listener ears{world.sys};
  pool_handle pool = db.actors().address;

  explicit fixture(pool_config config = with_front(1)) : scripted_pool(config) {
    REQUIRE(db.acquire().has_value()); // so that there is one in the front
    me.subscribe_for(ears.actor(), pool);
  }

  lease_id lease(acquire wish = {}) {
    auto granted = me.get<lease_grant>(pool, std::move(wish));
    REQUIRE(granted.has_value());
    CHECK(granted->waited == 0s);
    CHECK(granted->lease.from_front());
    return granted->lease;
  }

  /// The same, and one that the machine claimed because it was used.
  lease_id used_or_not() {
    auto result = lease();
    if (GENERATE(false, true))
      REQUIRE(run(result));
    return result;
  }

  result<outcome> run(const lease_id& on, std::string sql = "SELECT 1") {
    auto order = execute{{std::move(sql)}};
    order.lease = on;
    return me.get<outcome>(pool, order);
  }

  void kill_actor() {
    auto old = db.actors().estate->shell();
    caf::anon_send_exit(caf::actor_cast<caf::actor>(old),
                        caf::exit_reason::kill);
    REQUIRE(eventually([&] {
      auto now = db.actors().estate->shell();
      return now && now != old;
    }));
  }
};

} // namespace

TEST_CASE("a lease by message comes from the front and goes back there",
          "[K06][C06][A05]") {
  fixture fx;
  for (int i = 0; i < 3; ++i) {
    auto lease = fx.lease();
    CHECK(look(fx.db).gauges.leased == 1);
    fx.me.tell(fx.pool, release{lease, {}});
  }
  CHECK(at_rest(fx.db));
  auto now = look(fx.db).counters;
  CHECK(now.acquired == 4);
  CHECK(now.released == 4);
  CHECK(now.stale_releases == 0);
  CHECK(fx.server->count(backend_call::open) == 1);
  CHECK(fx.server->count(backend_call::reset) == 0);
}

TEST_CASE("a lease by message is shown with its holder, and how long he has it",
          "[K01]") {
  fixture fx;
  auto wish = acquire{};
  wish.how.holder = "remote orders-1";
  auto before = clock::now();
  auto lease = fx.lease(wish);
  auto shown = [&] {
    auto leases = look(fx.db).leases;
    REQUIRE(leases.size() == 1);
    CHECK(leases[0].id == lease);
    CHECK(leases[0].holder == "remote orders-1");
    // Not by the front's coarse clock.
    CHECK(leases[0].held <= clock::now() - before);
    return leases[0].held;
  };
  auto first = shown();
  REQUIRE(fx.run(lease));
  CHECK(shown() > first);
}

TEST_CASE("a caller who waits gets what a lease by message gives back",
          "[C04][C05][trap-T11]") {
  fixture fx;
  auto lease = fx.used_or_not();
  client other{fx.world.sys};
  auto waiting_one = other.start(fx.pool, acquire{});
  REQUIRE(waiting(fx.db, 1));
  CHECK_FALSE(fx.db.try_acquire().has_value());
  fx.me.tell(fx.pool, release{lease, {}});
  auto next = answer_of<lease_grant>(std::move(waiting_one));
  REQUIRE(next.has_value());
  CHECK(next->lease.connection == lease.connection);
  CHECK(next->lease != lease);
  CHECK(code_of(fx.run(lease)) == errc::lease_lost);
}

TEST_CASE("a connection that failed its holder by message is closed",
          "[V03][C16]") {
  fixture fx;
  auto lease = fx.lease();
  auto broken
    = release{lease, {errc::connection_lost, "it spoke gibberish", {}}};
  fx.me.tell(fx.pool, broken);
  CHECK(fx.server->wait_for_calls(backend_call::close, 1));
  REQUIRE(fx.ears.wait_for(event_kind::connection_lost));
  CHECK_THAT(fx.ears.events(event_kind::connection_lost)[0].text,
             ContainsSubstring("it spoke gibberish"));
  CHECK(at_rest(fx.db));
  auto now = look(fx.db).counters;
  CHECK(now.lost == 1);
  CHECK(now.acquired == now.released);
}

TEST_CASE("a withdrawn request whose lease came from the front gives it back",
          "[trap-T1]") {
  fixture fx;
  auto wish = acquire{};
  wish.request = 7;
  auto lease = fx.lease(wish);
  fx.me.tell(fx.pool, cancel_request{7});
  CHECK(at_rest(fx.db));
  CHECK(code_of(fx.run(lease)) == errc::lease_lost);
  CHECK(fx.server->count(backend_call::reset) == 1);
}

TEST_CASE("a lease by message from the front survives the pool's actor",
          "[trap-T63]") {
  fixture fx;
  auto lease = fx.used_or_not();
  fx.kill_actor();
  CHECK(look(fx.db).gauges.leased == 1);
  CHECK(fx.run(lease).has_value());
  SECTION("and comes back from a holder who dies later") {
    fx.me.die();
    CHECK(at_rest(fx.db));
    CHECK(fx.server->count(backend_call::reset) == 1);
  }
  SECTION("and is given back") {
    fx.me.tell(fx.pool, release{lease, {}});
    CHECK(at_rest(fx.db));
    auto now = look(fx.db).counters;
    CHECK(now.acquired == 2);
    CHECK(now.released == 2);
  }
  CHECK(fx.server->count(backend_call::open) == 1);
}

TEST_CASE(
  "a lease by message that was given back to a dead actor's front is "
  "not lost",
  "[trap-T63]") {
  fixture fx;
  auto lease = fx.lease();
  fx.kill_actor();
  fx.me.tell(fx.pool, release{lease, {}});
  CHECK(at_rest(fx.db));
  CHECK(fx.db.acquire().has_value());
}

TEST_CASE("a lease from the front is suspected and taken away by name",
          "[K01][K03][trap-T73]") {
  auto config = with_front(1);
  fixture fx{config};
  auto wish = acquire{};
  wish.how.holder = "remote orders-1";
  auto lease = fx.lease(wish);
  auto used = GENERATE(false, true);
  if (used)
    REQUIRE(fx.run(lease));
  // Not before: any lease may last so long on a busy machine.
  config.leak_threshold = 30ms;
  config.leak_revoke = 60ms;
  REQUIRE(fx.me.get<accepted>(fx.pool, reconfigure{config}));
  REQUIRE(fx.ears.wait_for(event_kind::lease_revoked));
  CHECK_THAT(fx.ears.events(event_kind::leak_suspected)[0].text,
             ContainsSubstring("remote orders-1"));
  CHECK(code_of(fx.run(lease)) == errc::lease_lost);
  CHECK(fx.server->wait_for_calls(backend_call::close, 1));
  CHECK(at_rest(fx.db));
  auto now = look(fx.db).counters;
  CHECK(now.leases_revoked == 1);
  CHECK(now.acquired == now.released + now.leases_revoked);
  // Its slot is free again.
  CHECK(fx.db.acquire().has_value());
}

TEST_CASE("a drain waits for leases by message, and ends them at its limit",
          "[S01][S06]") {
  fixture fx;
  auto lease = fx.used_or_not();
  client boss{fx.world.sys};
  SECTION("in time") {
    auto drained = boss.start(fx.pool, control{control::verb::drain, far_away});
    REQUIRE(fx.ears.wait_for(event_kind::draining));
    CHECK(fx.server->count(backend_call::close) == 0);
    fx.me.tell(fx.pool, release{lease, {}});
    CHECK(answer_of<accepted>(std::move(drained)).has_value());
    CHECK(fx.server->count(backend_call::close) == 1);
  }
  SECTION("too late") {
    CHECK(boss.get<accepted>(fx.pool, control{control::verb::drain, 10ms}));
    CHECK(fx.server->wait_for_calls(backend_call::close, 1));
  }
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("a system may end while leases by message are held", "[trap-T74]") {
  auto server = std::make_shared<scripted_backend>();
  std::weak_ptr<pool_estate> estate;
  {
    actor_world world;
    any_pool db{world.sys, with_front(1), server};
    REQUIRE(db.acquire().has_value());
    estate = db.actors().estate;
    client me{world.sys};
    auto lease = me.get<lease_grant>(db.actors().address, acquire{});
    REQUIRE(lease.has_value());
    CHECK(lease->lease.from_front());
  }
  CHECK(eventually([&] { return estate.expired(); }));
}

TEST_CASE("who says how long he needs is granted by the machine",
          "[K01][trap-T73]") {
  fixture fx;
  auto wish = acquire{};
  wish.how.expected = 1h;
  auto granted = fx.me.get<lease_grant>(fx.pool, wish);
  REQUIRE(granted.has_value());
  CHECK_FALSE(granted->lease.from_front());
  fx.me.tell(fx.pool, release{granted->lease, {}});
  CHECK(at_rest(fx.db));
}

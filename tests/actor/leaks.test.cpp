#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

struct fixture : scripted_pool {
  listener ears{world.sys};

  explicit fixture(const pool_config& config) : scripted_pool(config) {
    me.subscribe_for(ears.actor(), db.actors().address);
  }

  /// Puts limits in force for what is held by now: any lease may last so long
  /// on a busy machine.
  void watch(const pool_config& config) {
    REQUIRE(me.get<accepted>(db.actors().address, reconfigure{config}));
  }

  std::size_t suspected() const {
    return ears.events(event_kind::leak_suspected).size();
  }
};

pool_config careless(bool fast_lane) {
  auto config = quiet_pool(2);
  config.fast_lane = fast_lane;
  return config;
}

pool_config watchful(pool_config config) {
  config.leak_threshold = 30ms;
  return config;
}

/// Takes leases away, too.
pool_config strict(pool_config config) {
  config.leak_threshold = 30ms;
  config.leak_revoke = 60ms;
  return config;
}

} // namespace

TEST_CASE("a lease held for too long is told once, with holder and place",
          "[K01][trap-T73]") {
  auto config = careless(GENERATE(true, false));
  fixture fx{config};
  acquire_options who;
  who.label = "nightly report";
  // Idle in the front by now, if there is one.
  REQUIRE(fx.db.execute("SELECT 1").has_value());
  auto held = fx.db.acquire(who);
  REQUIRE(held.has_value());
  fx.watch(watchful(config));
  REQUIRE(fx.ears.wait_for(event_kind::leak_suspected));
  auto warning = fx.ears.events(event_kind::leak_suspected)[0];
  CHECK(warning.connection == held->id());
  CHECK_THAT(warning.text, ContainsSubstring("nightly report")
                             && ContainsSubstring("leaks.test.cpp:"));
  auto leases = look(fx.db).leases;
  REQUIRE(leases.size() == 1);
  CHECK(leases[0].suspected);
  // A second one is suspected later: time for telling the first one twice.
  auto other = fx.db.acquire();
  REQUIRE(other.has_value());
  REQUIRE(fx.ears.wait_for(event_kind::leak_suspected, 2));
  CHECK(fx.ears.events(event_kind::leak_suspected)[1].connection
        == other->id());
  // It goes on as if nothing had happened.
  CHECK(!held->lost());
  CHECK(held->execute("SELECT 1").has_value());
  held->release();
  REQUIRE(fx.ears.wait_for(event_kind::leak_cleared));
  CHECK(fx.ears.events(event_kind::leak_cleared)[0].connection
        == warning.connection);
  CHECK(fx.suspected() == 2);
  CHECK(look(fx.db).counters.leaks_suspected == 2);
}

TEST_CASE("a holder who said how long it takes is not suspected",
          "[K01][trap-T73]") {
  fixture fx{watchful(careless(true))};
  acquire_options slow;
  slow.expected = 1h;
  auto patient = fx.db.acquire(slow);
  auto other = fx.db.acquire();
  REQUIRE(patient.has_value());
  REQUIRE(other.has_value());
  REQUIRE(fx.ears.wait_for(event_kind::leak_suspected));
  CHECK(fx.ears.events(event_kind::leak_suspected)[0].connection
        == other->id());
  CHECK(fx.suspected() == 1);
}

TEST_CASE("a lease held for much too long is taken away",
          "[K02][K04][T12][trap-T73]") {
  auto config = careless(GENERATE(true, false));
  config.max_size = 1;
  fixture fx{config};
  REQUIRE(fx.db.execute("SELECT 1").has_value());
  auto held = fx.db.acquire();
  REQUIRE(held.has_value());
  auto id = held->id();
  fx.watch(strict(config));
  acquire_options slow;
  slow.expected = 1h;
  auto next = fx.db.acquire(slow); // waits until the first is taken away
  REQUIRE(next.has_value());
  CHECK(next->id() != id);
  CHECK(held->lost());
  auto rows = held->execute("SELECT 1");
  REQUIRE(!rows.has_value());
  CHECK(rows.error().code == errc::lease_lost);
  REQUIRE(fx.ears.wait_for(event_kind::lease_revoked));
  CHECK_THAT(fx.ears.events(event_kind::lease_revoked)[0].text,
             ContainsSubstring("leak_revoke"));
  // The late release ends nobody else's lease.
  held->release();
  CHECK(fx.server->wait_for_calls(backend_call::close, 1));
  CHECK(!next->lost());
  CHECK(next->execute("SELECT 1").has_value());
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("a connection taken away from a running statement is closed after it",
          "[K02][trap-T73][V14]") {
  auto config = careless(GENERATE(true, false));
  fixture fx{config};
  REQUIRE(fx.db.execute("SELECT 1").has_value());
  auto held = fx.db.acquire();
  REQUIRE(held.has_value());
  // It ends by the abort alone, and takes its time even then.
  fx.server->answer_next(backend_call::execute, held_back(true));
  auto code = errc::none;
  std::thread holder{
    [&] { code = code_of(held->execute("SELECT pg_sleep(300)")); }};
  CHECK(fx.server->wait_for_held(backend_call::execute));
  fx.watch(strict(config));
  holder.join();
  CHECK(code == errc::connection_lost);
  CHECK(fx.server->count(backend_call::close) == 0);
  CHECK(held->lost());
  held->release();
  CHECK(fx.server->wait_for_calls(backend_call::close, 1));
  CHECK(at_rest(fx.db));
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("a lease by id is suspected and taken away like any other",
          "[K01][K03]") {
  fixture fx{strict(careless(true))};
  auto& pool = fx.db.actors().address;
  auto wish = acquire{};
  wish.how.holder = "remote orders-1";
  auto lease = fx.me.get<lease_grant>(pool, wish).value().lease;
  REQUIRE(fx.ears.wait_for(event_kind::lease_revoked));
  CHECK_THAT(fx.ears.events(event_kind::leak_suspected)[0].text,
             ContainsSubstring("remote orders-1"));
  auto order = execute{{"SELECT 1"}};
  order.lease = lease;
  CHECK(code_of(fx.me.get<outcome>(pool, order)) == errc::lease_lost);
  CHECK(at_rest(fx.db));
}

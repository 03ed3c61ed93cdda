#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

acquire numbered(std::uint64_t request, duration wait = far_away) {
  auto result = acquire{};
  result.how.wait_until = add_saturated(clock::now(), wait);
  result.request = request;
  return result;
}

execute statement(std::uint64_t request, duration limit = far_away) {
  auto result = execute{{"SELECT 1"}};
  result.request = request;
  result.how.deadline = add_saturated(clock::now(), limit);
  return result;
}

struct fixture {
  actor_world world;
  std::shared_ptr<scripted_backend> server
    = std::make_shared<scripted_backend>();
  any_pool db;
  pool_handle pool;
  client me{world.sys};

  explicit fixture(const pool_config& config = quiet_pool(1))
    : db(world.sys, config, server), pool(db.actors().address) {
    // nop
  }
};

/// Two connections, but one worker for their statements.
pool_config one_worker() {
  auto config = quiet_pool(2);
  config.workers = 1;
  return config;
}

} // namespace

TEST_CASE("a waiter withdraws, and the next one is served", "[C05][T13]") {
  fixture fx;
  auto held = fx.db.acquire();
  REQUIRE(held.has_value());
  auto first = fx.me.start(fx.pool, numbered(1));
  auto second = fx.me.start(fx.pool, numbered(2));
  REQUIRE(waiting(fx.db, 2));
  fx.me.tell(fx.pool, cancel_request{1});
  auto none = answer_of<lease_grant>(std::move(first));
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::cancelled);
  held->release();
  CHECK(answer_of<lease_grant>(std::move(second)).has_value());
  auto now = look(fx.db);
  CHECK(now.counters.cancelled == 1);
  CHECK(now.gauges.leased == 1);
}

TEST_CASE("a waiter withdraws while a connection opens for it, which goes on",
          "[C13][trap-T4]") {
  fixture fx;
  fx.server->hold(backend_call::open);
  auto first = fx.me.start(fx.pool, numbered(1));
  REQUIRE(fx.server->wait_for_held(backend_call::open));
  fx.me.tell(fx.pool, cancel_request{1});
  CHECK(code_of(answer_of<lease_grant>(std::move(first))) == errc::cancelled);
  fx.server->let_pass(backend_call::open);
  CHECK(shows(fx.db, [](auto& x) { return x.gauges.idle == 1; }));
}

TEST_CASE("a cancel that comes after the grant takes the lease back",
          "[trap-T1]") {
  fixture fx;
  auto lease = fx.me.get<lease_grant>(fx.pool, numbered(1)).value().lease;
  fx.me.tell(fx.pool, cancel_request{1});
  CHECK(at_rest(fx.db));
  auto late = execute{{"SELECT 1"}};
  late.lease = lease;
  CHECK(code_of(fx.me.get<outcome>(fx.pool, late)) == errc::lease_lost);
  fx.me.tell(fx.pool, cancel_request{1}); // for nothing
  fx.me.tell(fx.pool, cancel_request{77});
  CHECK(fx.me.get<lease_grant>(fx.pool, numbered(2)).has_value());
}

TEST_CASE("a statement that runs is stopped at the server",
          "[trap-T18][trap-T19]") {
  fixture fx;
  fx.server->hold(backend_call::execute);
  auto running = fx.me.start(fx.pool, statement(1));
  REQUIRE(fx.server->wait_for_held(backend_call::execute));
  // A cancel that is slow must not hit the next holder's statement.
  fx.server->answer_next(backend_call::cancel, held_back(true));
  fx.me.tell(fx.pool, cancel_request{1});
  fx.me.tell(fx.pool, cancel_request{1});
  REQUIRE(fx.server->wait_for_held(backend_call::cancel));
  fx.server->stop_holding(backend_call::execute);
  auto next = fx.me.start(fx.pool, statement(2));
  REQUIRE(waiting(fx.db, 1));
  CHECK(fx.server->count(backend_call::execute) == 1);
  fx.server->let_pass(backend_call::cancel);
  static_cast<void>(answer_of<outcome>(std::move(running)));
  CHECK(answer_of<outcome>(std::move(next)).has_value());
  CHECK(fx.server->count(backend_call::cancel) == 1);
  CHECK(at_rest(fx.db));
}

TEST_CASE("a statement that waits for a worker ends unsent, for its reason",
          "[C05][T10][T13][trap-T10][trap-T41]") {
  fixture fx{one_worker()};
  fx.server->hold(backend_call::execute);
  auto running = fx.me.start(fx.pool, statement(1));
  REQUIRE(fx.server->wait_for_held(backend_call::execute));
  auto queued = fx.me.start(fx.pool, statement(2));
  REQUIRE(shows(fx.db, [](auto& x) { return x.gauges.leased == 2; }));
  fx.me.tell(fx.pool, cancel_request{2});
  CHECK(code_of(answer_of<outcome>(std::move(queued))) == errc::cancelled);
  // On a busy machine its time may be over before there is a connection.
  CHECK(eventually([&] {
    auto start = clock::now();
    auto none = fx.me.get<outcome>(fx.pool, statement(3, 100ms));
    CHECK(clock::now() - start >= 100ms);
    REQUIRE(!none.has_value());
    return none.error().code == errc::execute_timeout
           && none.error().message.find("workers = 1") != std::string::npos;
  }));
  fx.server->stop_holding(backend_call::execute);
  CHECK(answer_of<outcome>(std::move(running)).has_value());
  CHECK(fx.server->count(backend_call::execute) == 1);
  CHECK(at_rest(fx.db));
}

TEST_CASE("an acquire by message expires at its deadline and is never granted",
          "[T01][T05][trap-T2]") {
  fixture fx;
  auto held = fx.db.acquire();
  REQUIRE(held.has_value());
  auto start = clock::now();
  auto none = fx.me.get<lease_grant>(fx.pool, numbered(1, 100ms));
  auto took = clock::now() - start;
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::acquire_timeout);
  CHECK_THAT(none.error().message, ContainsSubstring("1 of 1 leased"));
  CHECK(took >= 100ms);
  held->release();
  CHECK(at_rest(fx.db));
  CHECK(look(fx.db).counters.acquire_timeouts == 1);
  CHECK(look(fx.db).counters.acquired == 1);
}

TEST_CASE("one caller too many is turned away at once", "[Z10][trap-T13]") {
  auto config = quiet_pool(1);
  config.max_waiters = 2;
  fixture fx{config};
  auto held = fx.db.acquire();
  REQUIRE(held.has_value());
  auto first = fx.me.start(fx.pool, numbered(1));
  auto second = fx.me.start(fx.pool, numbered(2));
  REQUIRE(waiting(fx.db, 2));
  auto none = fx.me.get<lease_grant>(fx.pool, numbered(3));
  REQUIRE(!none.has_value());
  CHECK(none.error().code == errc::queue_full);
  CHECK(look(fx.db).counters.queue_full == 1);
  held->release();
  auto lease = answer_of<lease_grant>(std::move(first));
  REQUIRE(lease.has_value());
  fx.me.tell(fx.pool, release{lease->lease, {}});
  CHECK(answer_of<lease_grant>(std::move(second)).has_value());
}

#include "actor/bench.hpp"
#include "actor/standstill.hpp"

// What the pool's actor does, and does not do, under load.

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using fixture = scripted_pool;

acquire_options within(duration wait) {
  auto result = acquire_options{};
  result.wait = wait;
  return result;
}

/// Opens all connections and puts them into the front.
void open_all(any_pool& db, std::uint32_t n) {
  std::vector<lease> all;
  for (std::uint32_t i = 0; i < n; ++i)
    all.push_back(db.acquire().value());
}

} // namespace

TEST_CASE(
  "while openings and closings hang, the actor has read everything it was "
  "sent",
  "[trap-T15]") {
  auto config = quiet_pool(4);
  config.max_waiters = 20'000;
  config.open_concurrency = 4;
  config.close_timeout = far_away;
  fixture fx{config};
  // Neither minds a deadline: whoever calls the driver is stuck.
  fx.server->answer(backend_call::open, held_back(true));
  fx.server->answer(backend_call::close, held_back(true));
  fx.server->let_pass(backend_call::open, 2);
  open_all(fx.db, 2);
  auto& pool = fx.db.actors().address;
  REQUIRE(fx.me.get<accepted>(pool, control{control::verb::reconnect, {}}));
  REQUIRE(fx.server->wait_for_held(backend_call::close, 2));
  auto sent = look(fx.db).counters.acquire_timeouts;
  std::atomic<std::uint64_t> answered{0};
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 1000; ++i, ++sent)
      fx.db.acquire_async([&](result<lease>) { ++answered; }, within(20ms));
    // The question comes behind all those wishes in the mailbox; its answer
    // knows each of them, so none is left there.
    auto now = fx.db.snapshot(patience); // what hangs has longer
    REQUIRE(now.has_value());
    CHECK(now->gauges.waiting + now->counters.acquire_timeouts == sent);
    CHECK(fx.server->wait_for_held(backend_call::open, 2));
    CHECK(fx.server->held(backend_call::close) == 2);
  }
  // They hear of their deadlines from the actor, too.
  CHECK(eventually([&] { return answered == 10'000; }));
  CHECK(fx.server->held(backend_call::open) == 2);
  fx.server->answer(backend_call::open, scripted_answer{});
  fx.server->answer(backend_call::close, scripted_answer{});
  fx.server->let_pass(backend_call::open, 2);
  fx.server->let_pass(backend_call::close, 2);
  CHECK(at_rest(fx.db));
  CHECK(fx.server->verdict() == "");
}

TEST_CASE("warming up goes on though the actor is slow to answer") {
  fixture fx{quiet_pool(1)};
  auto slow = std::make_unique<standstill>(fx.db);
  auto code = errc::internal;
  std::thread patient{[&] { code = code_of(fx.db.warm_up(60s)); }};
  CHECK(!fx.db.snapshot(2s).has_value());
  slow = nullptr;
  patient.join();
  CHECK(code == errc::none);
}

TEST_CASE("no layer repeats a statement that failed", "[trap-T40][trap-T41]") {
  auto config = quiet_pool(2);
  config.breaker.enabled = false; // it would only spare the server calls
  config.retry = {1ms, 1.0, 1ms, 1ms, true, 5};
  fixture fx{config};
  auto code = GENERATE(errc::execute_failed, errc::connection_lost,
                       errc::outcome_unknown, errc::execute_timeout);
  CAPTURE(code);
  fx.server->answer(backend_call::execute, failing(code, "it said no"));
  auto& pool = fx.db.actors().address;
  for (std::size_t n = 1; n <= 20; ++n) {
    switch (n % 4) {
      case 0: // by the program
        CHECK(code_of(fx.db.execute("SELECT 1")) == code);
        break;
      case 1: // on a lease of its own
        CHECK(code_of(fx.db.acquire().value().execute("SELECT 1")) == code);
        break;
      case 2: // by a message
        CHECK(code_of(fx.me.get<outcome>(pool, execute{{"SELECT 1"}})) == code);
        break;
      case 3: // in a transaction, which fails at its beginning
        CHECK(
          code_of(fx.me.get<outcome>(pool, execute{{"SELECT 1", "SELECT 2"}}))
          == code);
        break;
    }
    CHECK(fx.server->count(backend_call::execute) == n);
  }
  CHECK(at_rest(fx.db));
  CHECK(look(fx.db).counters.execute_errors == 20);
}

TEST_CASE("snapshots without end neither stop the front nor miss a use",
          "[trap-T59][A05]") {
  auto config = quiet_pool(8);
  config.validate_on_acquire = false; // nothing is taken out of the front
  fixture fx{config};
  open_all(fx.db, 8);
  auto before = look(fx.db);
  constexpr std::uint64_t uses = 20'000;
  std::atomic<int> busy{3};
  std::atomic<int> failures{0};
  std::vector<std::thread> users;
  for (int i = 0; i < 3; ++i)
    users.emplace_back([&] {
      for (std::uint64_t n = 0; n < uses; ++n)
        failures += !fx.db.acquire().has_value();
      --busy;
    });
  auto last = before;
  auto looks = 0;
  while (busy > 0 || looks == 0) {
    auto now = fx.db.snapshot(patience);
    if (!now)
      break;
    ++looks;
    // Never back, and nothing that did not happen yet.
    auto& c = now->counters;
    if (c.acquired < last.counters.acquired
        || c.released < last.counters.released || c.released > c.acquired
        || c.acquired - c.released > 8)
      FAIL_CHECK("look " << looks << ": " << c.acquired << " acquired, "
                         << c.released << " released");
    last = *std::move(now);
  }
  for (auto& x : users)
    x.join();
  auto now = look(fx.db);
  CHECK(looks > 0);
  CHECK(failures == 0);
  CHECK(now.counters.acquired - before.counters.acquired == 3 * uses);
  CHECK(now.counters.released == now.counters.acquired);
  // Nobody was sent to the actor because of the looks.
  CHECK(now.counters.acquired_after_wait
        == before.counters.acquired_after_wait);
  CHECK(now.wait_time.count == before.wait_time.count);
}

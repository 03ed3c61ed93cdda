#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/backend/testing/scripted.hpp"
#include "caf_pool/pool.hpp"

#include "actor/bench.hpp"

#include <atomic>
#include <thread>
#include <vector>

using namespace caf_pool;
using caf_pool::test::kill;
using namespace std::chrono_literals;

namespace {

struct fixture {
  struct config : caf::actor_system_config {
    config() {
      configure_pools(*this);
    }
  };

  config cfg;
  caf::actor_system sys{cfg};
};

} // namespace

TEST_CASE("a pool without an actor is reached through its supervisor") {
  fixture fx;
  auto server = std::make_shared<scripted_backend>();
  auto ref = spawn_pool(fx.sys, pool_config{}, server).value();
  test::client me{fx.sys};
  auto answers = [&] {
    return me.get<pool_snapshot>(ref.address, get_snapshot{}).has_value();
  };
  CHECK(answers()); // whether or not its actor has begun
  REQUIRE(test::eventually([&] { return bool{ref.estate->shell()}; }));
  CHECK(answers());
  auto present = ref.estate->shell();
  ref.estate->install({});
  CHECK(answers());
  ref.estate->install(present);
  caf::anon_send_exit(ref.address, caf::exit_reason::user_shutdown);
}

TEST_CASE("a live lease survives the death of the pool's actor", "[trap-T63]") {
  fixture fx;
  auto server = std::make_shared<scripted_backend>();
  pool_config config;
  config.min_size = 0;
  config.max_size = 1;
  any_pool db{fx.sys, config, server};
  auto held = db.acquire(60s);
  REQUIRE(held.has_value());
  auto id = held->id();
  auto before = db.actors().estate->shell();
  kill(db.actors());
  REQUIRE(test::eventually([&] {
    auto now = db.actors().estate->shell();
    return now && now != before;
  }));
  CHECK(!held->lost());
  CHECK(held->execute("SELECT 1").has_value());
  held->release();
  auto again = db.acquire(60s);
  REQUIRE(again.has_value());
  CHECK(again->id() == id);
  CHECK(db.snapshot(test::patience)->counters.restarts == 1);
  CHECK(server->most_connections() == 1);
  CHECK(server->verdict() == "");
}

TEST_CASE("killing the pool's actor a thousand times loses nothing",
          "[trap-T63][slow]") {
  fixture fx;
  auto server = std::make_shared<scripted_backend>();
  pool_config config;
  config.min_size = 0;
  config.max_size = 4;
  config.acquire_timeout = 60s;
  auto ref = spawn_pool(fx.sys, config, server, {2000, 3600s});
  REQUIRE(ref.has_value());
  any_pool db{*ref, config};
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> served{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      while (!over) {
        auto mine = db.acquire(60s);
        if (mine)
          ++served;
        else
          ++failed;
      }
    });
  auto deaths = 0;
  while (deaths < 1000) {
    auto victim = ref->estate->shell();
    if (!victim)
      continue;
    auto target = served.load() + 5;
    kill(*ref);
    ++deaths;
    REQUIRE(test::eventually([&] {
      auto now = ref->estate->shell();
      return now && now != victim && served.load() >= target;
    }));
  }
  over = true;
  for (auto& x : threads)
    x.join();
  CHECK(failed == 0);
  REQUIRE(test::eventually([&] {
    auto now = db.snapshot(test::patience);
    return now && now->gauges.leased == 0 && now->gauges.waiting == 0;
  }));
  CHECK(db.snapshot(test::patience)->counters.restarts == 1000);
  CHECK(server->most_connections() <= 4);
  CHECK(server->verdict() == "");
}

TEST_CASE("whoever does not block is served by the next actor, too",
          "[trap-T63]") {
  fixture fx;
  auto server = std::make_shared<scripted_backend>();
  pool_config config;
  config.min_size = 0;
  config.max_size = 1;
  config.max_waiters = 100;
  config.acquire_timeout = 120s;
  any_pool db{fx.sys, config, server};
  std::atomic<int> served{0};
  auto count = [&](result<lease> x) { served += x.has_value(); };
  db.acquire_async(count); // its actor may not have begun
  REQUIRE(test::eventually([&] { return served == 1; }));
  auto held = db.acquire(60s);
  REQUIRE(held.has_value());
  for (int i = 0; i < 20; ++i)
    db.acquire_async(count);
  kill(db.actors());
  for (int i = 0; i < 20; ++i)
    db.acquire_async(count);
  held->release();
  CHECK(test::eventually([&] { return served == 41; }));
}

TEST_CASE("what becomes of a statement when the pool's actor dies is told",
          "[trap-T41][trap-T63]") {
  fixture fx;
  auto server = std::make_shared<scripted_backend>();
  pool_config config;
  config.min_size = 0;
  config.max_size = 2;
  config.workers = 1;
  any_pool db{fx.sys, config, server};
  server->hold(backend_call::execute);
  caf::scoped_actor self{fx.sys};
  auto start = [&](std::string sql) {
    return ask(self.ptr(), db.actors().address, caf::timespan{60s},
               execute{{std::move(sql)}});
  };
  auto code_of_answer = [](auto request) {
    auto result = errc::none;
    std::move(request).receive(
      [](outcome&) {}, [&](const caf::error& x) { result = from_caf(x).code; });
    return result;
  };
  auto running = start("INSERT 1");
  REQUIRE(server->wait_for_held(backend_call::execute));
  auto queued = start("INSERT 2");
  REQUIRE(test::eventually([&] {
    auto x = db.snapshot(test::patience);
    return x && x->gauges.leased == 2;
  }));
  kill(db.actors());
  CHECK(code_of_answer(std::move(queued)) == errc::restarted);
  server->stop_holding(backend_call::execute);
  CHECK(code_of_answer(std::move(running)) == errc::none); // its worker knows
  // "Nothing was executed" is true, and both connections come back.
  CHECK(test::eventually([&] {
    auto x = db.snapshot(test::patience);
    return x && x->gauges.idle == x->gauges.total()
           && x->counters.restarts == 1;
  }));
  CHECK(server->count(backend_call::execute) == 1);
  CHECK(server->verdict() == "");
}

TEST_CASE(
  "a statement that was being stopped when the pool's actor died is "
  "uncertain",
  "[trap-T41][trap-T63]") {
  fixture fx;
  auto server = std::make_shared<scripted_backend>();
  any_pool db{fx.sys, pool_config{}, server};
  server->hold(backend_call::execute);
  server->hold(backend_call::cancel);
  caf::scoped_actor self{fx.sys};
  auto order = execute{{"INSERT 1"}};
  order.request = 1;
  auto running
    = ask(self.ptr(), db.actors().address, caf::timespan{60s}, order);
  REQUIRE(server->wait_for_held(backend_call::execute));
  send_to(self.ptr(), db.actors().address, cancel_request{1});
  REQUIRE(server->wait_for_held(backend_call::cancel));
  kill(db.actors());
  auto told = errc::none;
  std::move(running).receive(
    [](outcome&) {}, [&](const caf::error& x) { told = from_caf(x).code; });
  CHECK(told == errc::outcome_unknown);
  server->stop_holding(backend_call::execute);
  server->stop_holding(backend_call::cancel);
  CHECK(test::eventually([&] {
    auto x = db.snapshot(test::patience);
    return x && x->gauges.leased == 0 && x->counters.restarts == 1;
  }));
}

TEST_CASE("a pool that nobody can reach any more ends", "[K08][L10]") {
  auto server = std::make_shared<scripted_backend>();
  std::weak_ptr<pool_estate> estate;
  {
    fixture fx;
    pool_config config;
    config.min_size = 2;
    config.warm_up = warm_up_policy::to_min;
    config.close_timeout = 60s;
    auto ref = spawn_pool(fx.sys, config, server);
    REQUIRE(ref.has_value());
    estate = ref->estate;
    REQUIRE(test::eventually([&] { return server->connections() == 2; }));
  } // the system waits for all actors
  CHECK(server->connections() == 0);
  CHECK(server->count(backend_call::close) == 2);
  CHECK(estate.expired());
}

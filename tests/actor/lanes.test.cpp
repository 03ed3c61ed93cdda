#include "actor/bench.hpp"

#include <future>
#include <map>

// The same promises whether a caller takes from the front or asks the actor.

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

struct fixture {
  actor_world world;
  std::shared_ptr<scripted_backend> server
    = std::make_shared<scripted_backend>();
  std::unique_ptr<any_pool> db;

  explicit fixture(std::uint32_t max) {
    auto config = quiet_pool(max);
    config.fast_lane = GENERATE(true, false);
    UNSCOPED_INFO("fast_lane = " << config.fast_lane);
    db = std::make_unique<any_pool>(world.sys, config, server);
  }

  // Nothing was doubled, lost or left.
  void all_is_well(std::uint32_t max) {
    CHECK(at_rest(*db));
    auto now = look(*db);
    CHECK(now.gauges.total() <= max);
    CHECK(now.counters.acquired == now.counters.released);
    CHECK(server->connections() == now.gauges.total());
    CHECK(server->most_connections() <= max);
    CHECK(server->verdict() == "");
  }
};

} // namespace

TEST_CASE("both lanes serve in the order of coming", "[lanes][C04][trap-T11]") {
  fixture fx{1};
  auto first = fx.db->acquire();
  REQUIRE(first.has_value());
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      auto mine = fx.db->acquire();
      if (mine)
        order.push_back(i); // holds the only connection
    });
    REQUIRE(waiting(*fx.db, static_cast<std::uint32_t>(i + 1)));
  }
  // Whoever comes later than those overtakes nobody.
  CHECK(!fx.db->try_acquire().has_value());
  first->release();
  for (auto& x : threads)
    x.join();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5});
  fx.all_is_well(1);
}

TEST_CASE("both lanes keep deadlines", "[lanes][T01][T06]") {
  fixture fx{1};
  auto held = fx.db->acquire();
  REQUIRE(held.has_value());
  for (auto wait : {0ms, 1ms, 100ms}) {
    auto start = clock::now();
    auto none = fx.db->acquire(wait);
    REQUIRE(!none.has_value());
    CHECK(none.error().code == errc::acquire_timeout);
    CHECK(clock::now() - start >= wait);
  }
  // On a busy machine a caller is gone before the pool has said no.
  auto now = look(*fx.db).counters;
  CHECK(now.acquire_timeouts + now.cancelled == 3);
  CHECK(now.acquired == 1);
  held->release();
  CHECK(fx.db->acquire(60s).has_value());
  fx.all_is_well(1);
}

TEST_CASE("both lanes lend a connection to one holder at a time",
          "[lanes][C06][Z01][trap-T9]") {
  fixture fx{3};
  std::mutex mutex;
  std::map<connection*, int> holders;
  std::atomic<int> served{0};
  std::atomic<int> doubled{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int j = 0; j < 500; ++j) {
        // Some do not wait long enough, some not at all.
        auto wait = j % 50 == 7 ? duration{50us} : duration{60s};
        auto mine = fx.db->acquire(wait);
        if (!mine)
          continue;
        {
          auto guard = std::lock_guard{mutex};
          doubled += ++holders[&mine->get()] > 1;
        }
        if (j % 10 == i)
          static_cast<void>(mine->execute("SELECT 1"));
        {
          auto guard = std::lock_guard{mutex};
          --holders[&mine->get()];
        }
        ++served;
      }
    });
  for (auto& x : threads)
    x.join();
  CHECK(doubled == 0);
  CHECK(served >= 8 * 490);
  fx.all_is_well(3);
  CHECK(look(*fx.db).counters.acquired == static_cast<std::uint64_t>(served));
}

TEST_CASE("both lanes take a lease back from another thread", "[lanes][K06]") {
  fixture fx{1};
  for (int i = 0; i < 50; ++i) {
    auto held = fx.db->acquire();
    REQUIRE(held.has_value());
    std::thread other{[mine = *std::move(held)]() mutable {
      CHECK(mine.execute("SELECT 1").has_value());
      mine.release();
      mine.release(); // a second time is a no-op
      CHECK(code_of(mine.execute("SELECT 1")) == errc::lease_released);
    }};
    other.join();
  }
  CHECK(look(*fx.db).counters.opened == 1);
  CHECK(look(*fx.db).counters.acquired == 50);
  fx.all_is_well(1);
}

TEST_CASE("both lanes replace a connection that its holder discards",
          "[lanes][V03][C16]") {
  fixture fx{1};
  auto held = fx.db->acquire();
  REQUIRE(held.has_value());
  auto id = held->id();
  std::thread waiter{[&] {
    auto mine = fx.db->acquire();
    REQUIRE(mine.has_value());
    CHECK(mine->id() != id);
  }};
  REQUIRE(waiting(*fx.db, 1));
  held->discard("it looked odd");
  waiter.join();
  CHECK(!*held);
  CHECK(fx.server->count(backend_call::close) == 1);
  CHECK(look(*fx.db).counters.lost == 1);
  CHECK(look(*fx.db).counters.open_failures == 0);
  fx.all_is_well(1);
}

TEST_CASE("both lanes clean what a holder left before the next one has it",
          "[lanes][V01][trap-T17]") {
  fixture fx{1};
  auto dirty = scripted_answer{};
  dirty.dirties = true;
  fx.server->answer_next(backend_call::execute, dirty);
  CHECK(fx.db->execute("SET search_path = mine").has_value());
  CHECK(fx.db->execute("SELECT 1").has_value());
  CHECK(fx.db->execute("SELECT 2").has_value());
  std::vector<backend_call> order;
  for (auto& call : fx.server->calls())
    order.push_back(call.kind);
  using enum backend_call;
  std::erase(order, probe); // of what lay idle for a while
  CHECK(order == std::vector{open, execute, reset, execute, execute});
  fx.all_is_well(1);
}

TEST_CASE("in both lanes leases outlive their pool", "[lanes][trap-T74]") {
  auto survivor = lease{};
  auto other = lease{};
  std::weak_ptr<pool_estate> estate;
  auto server = std::make_shared<scripted_backend>();
  {
    actor_world world;
    auto config = quiet_pool(2);
    config.fast_lane = GENERATE(true, false);
    config.close_timeout = 50ms;
    any_pool db{world.sys, config, server};
    // The second time the first one comes from the front, if there is one.
    REQUIRE(db.execute("SELECT 1").has_value());
    estate = db.actors().estate;
    survivor = db.acquire().value();
    other = db.acquire().value();
  }
  // Even the actor system is gone now.
  for (auto* x : {&survivor, &other}) {
    CHECK(x->lost());
    CHECK(code_of(x->execute("SELECT 1")) == errc::lease_lost);
  }
  survivor.release();
  other.discard("for no reason");
  CHECK(estate.expired());
  CHECK(server->connections() == 0);
  CHECK(server->verdict() == "");
}

TEST_CASE("in both lanes nobody takes what a waiter is due",
          "[lanes][trap-T11][C05]") {
  fixture fx{2};
  auto one = fx.db->acquire();
  auto two = fx.db->acquire();
  REQUIRE(one.has_value());
  REQUIRE(two.has_value());
  // A waiter who is not served at once, because the server is slow to open
  // again: everything that comes back meanwhile is his.
  std::atomic<bool> first{false};
  fx.db->acquire_async([&](result<lease> x) {
    CHECK(x.has_value());
    first = true;
  });
  REQUIRE(waiting(*fx.db, 1));
  CHECK(code_of(fx.db->try_acquire()) == errc::acquire_timeout);
  CHECK(!first);
  one->release();
  REQUIRE(eventually([&] { return first.load(); }));
  REQUIRE(waiting(*fx.db, 0));
  CHECK(fx.db->acquire().has_value());
  two->release();
  fx.all_is_well(2);
}

TEST_CASE("in both lanes many come and go while some wait",
          "[lanes][C06][Z14][trap-T9]") {
  fixture fx{2};
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 400; ++j)
        if (auto mine = fx.db->acquire(60s))
          ++served;
    });
  for (auto& x : threads)
    x.join();
  CHECK(served == 2400);
  CHECK(look(*fx.db).counters.acquired == 2400);
  CHECK(look(*fx.db).counters.acquire_timeouts == 0);
  fx.all_is_well(2);
}

TEST_CASE(
  "in both lanes whoever waits for a connection while holding one is "
  "warned",
  "[lanes][trap-T12]") {
  fixture fx{2};
  REQUIRE(fx.db->execute("SELECT 1").has_value());
  auto mine = fx.db->acquire();
  REQUIRE(mine.has_value());
  auto other = lease{};
  std::thread rival{[&] { other = fx.db->acquire().value(); }};
  rival.join();
  // On a busy machine the pool's own word may come too late to be heard.
  CHECK(eventually([&] {
    auto none = fx.db->acquire(50ms);
    REQUIRE(!none.has_value());
    return none.error().message.find(
             "this thread holds 1 of this pool's "
             "connections itself, since "
             "lanes.test.cpp:")
           != std::string::npos;
  }));
  mine->release();
  auto again = fx.db->acquire();
  REQUIRE(again.has_value());
  std::thread innocent{[&] {
    auto nothing = fx.db->acquire(50ms);
    REQUIRE(!nothing.has_value());
    CHECK_THAT(nothing.error().message, !ContainsSubstring("this thread"));
  }};
  innocent.join();
}

TEST_CASE("first in, first out uses all connections evenly, whatever the lane",
          "[lanes][C03]") {
  actor_world world;
  auto config = quiet_pool(3);
  config.order = hand_out_order::fifo;
  config.validate_on_acquire = false;
  REQUIRE(config.fast_lane);
  any_pool db{world.sys, config, std::make_shared<scripted_backend>()};
  {
    auto first = db.acquire();
    auto second = db.acquire();
    auto third = db.acquire();
    REQUIRE(third.has_value());
  }
  REQUIRE(at_rest(db));
  for (int i = 0; i < 30; ++i)
    REQUIRE(db.acquire().has_value());
  REQUIRE(at_rest(db));
  for (auto& x : look(db).connections)
    CHECK(x.uses == 11);
}

TEST_CASE("both lanes count the most leases at the same time", "[lanes]") {
  fixture fx{5};
  for (int i = 0; i < 100; ++i)
    REQUIRE(fx.db->acquire().has_value());
  CHECK(at_rest(*fx.db));
  CHECK(look(*fx.db).peak_leased == 1);
  std::vector<lease> held;
  for (std::uint32_t n = 1; n <= 5; ++n) {
    held.push_back(fx.db->acquire().value());
    CHECK(look(*fx.db).peak_leased == n);
  }
  held.clear();
  CHECK(at_rest(*fx.db));
  for (int i = 0; i < 100; ++i)
    REQUIRE(fx.db->acquire().has_value());
  CHECK(look(*fx.db).peak_leased == 5);
  fx.all_is_well(5);
}

TEST_CASE("leases by message and leases in hand are counted together",
          "[lanes]") {
  fixture fx{5};
  client me{fx.world.sys};
  auto& pool = fx.db->actors().address;
  auto first = me.get<lease_grant>(pool, acquire{});
  auto held = fx.db->acquire();
  auto second = me.get<lease_grant>(pool, acquire{});
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(look(*fx.db).peak_leased == 3);
  me.tell(pool, release{first->lease});
  me.tell(pool, release{second->lease});
  CHECK(look(*fx.db).gauges.leased == 1);
  auto again = fx.db->acquire();
  CHECK(look(*fx.db).peak_leased == 3);
  held->release();
  again->release();
  fx.all_is_well(5);
}

TEST_CASE("a connection that changes hands is not counted twice", "[lanes]") {
  fixture fx{1};
  client me{fx.world.sys};
  auto& pool = fx.db->actors().address;
  fx.server->hold(backend_call::execute);
  auto rows = me.start(pool, execute{{"SELECT 1"}});
  REQUIRE(fx.server->wait_for_held(backend_call::execute));
  auto next = std::async(std::launch::async,
                         [&] { return fx.db->acquire().has_value(); });
  REQUIRE(waiting(*fx.db, 1));
  fx.server->stop_holding(backend_call::execute);
  CHECK(next.get());
  CHECK(answer_of<outcome>(std::move(rows)));
  CHECK(look(*fx.db).peak_leased == 1);
  fx.all_is_well(1);
}

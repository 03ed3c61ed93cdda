#include "caf_pool/backend/sqlite/sqlite.hpp"
#include "caf_pool/backend/testing/scripted.hpp"
#include "caf_pool/pool.hpp"

#include "support/catch_compat.hpp"
#include "support/ends_elsewhere.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

pool_config small(std::uint32_t max) {
  pool_config config;
  config.min_size = 0;
  config.max_size = max;
  config.acquire_timeout = 60s;
  return config;
}

} // namespace

TEST_CASE("a program executes statements without an actor in sight") {
  auto config = small(1);
  config.options["path"] = ":memory:";
  auto backend = make_sqlite(config);
  REQUIRE(backend.has_value());
  any_pool db{config, *backend};
  REQUIRE(db.ready().has_value());
  REQUIRE(db.execute("CREATE TABLE item (id INTEGER, name TEXT)"));
  REQUIRE(db.execute("INSERT INTO item VALUES (?1, ?2)", {7, "seven"}));
  auto rows = db.execute("SELECT name FROM item WHERE id = ?1", {7});
  REQUIRE(rows.has_value());
  REQUIRE(rows->size() == 1);
  CHECK((*rows)[0]["name"].as<std::string>() == "seven");
}

TEST_CASE("waiters are served in the order of their coming", "[C04]") {
  auto server = std::make_shared<scripted_backend>();
  any_pool db{small(1), server};
  auto first = db.acquire(60s);
  REQUIRE(first.has_value());
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      auto mine = db.acquire(60s);
      if (mine)
        order.push_back(i); // holds the only connection
    });
    REQUIRE(test::eventually([&] {
      auto x = db.snapshot(test::patience);
      return x && x->gauges.waiting == static_cast<std::uint32_t>(i + 1);
    }));
  }
  first->release();
  for (auto& x : threads)
    x.join();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(server->most_connections() == 1);
  CHECK(server->verdict() == "");
}

TEST_CASE("an acquire that finds nothing ends at its deadline", "[T01]") {
  auto server = std::make_shared<scripted_backend>();
  any_pool db{small(1), server};
  auto held = db.acquire(60s);
  REQUIRE(held.has_value());
  // On a busy machine the pool's own word may come too late to be heard.
  CHECK(test::eventually([&] {
    auto none = db.acquire(100ms);
    REQUIRE(!none.has_value());
    CHECK(none.error().code == errc::acquire_timeout);
    return none.error().message.find("1 of 1 leased") != std::string::npos;
  }));
  CHECK(db.snapshot(test::patience)->counters.acquire_timeouts >= 1);
}

TEST_CASE("many threads share few connections without losing one", "[C06]") {
  auto server = std::make_shared<scripted_backend>();
  any_pool db{small(4), server};
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 2000; ++j)
        if (auto mine = db.acquire(60s))
          ++served;
    });
  for (auto& x : threads)
    x.join();
  CHECK(served == 16000);
  CHECK(server->most_connections() <= 4);
  CHECK(server->verdict() == "");
  auto now = db.snapshot(test::patience);
  REQUIRE(now.has_value());
  CHECK(now->counters.acquired == 16000);
  CHECK(now->gauges.leased == 0);
}

TEST_CASE("the last pool of a program may end on any thread") {
  for (auto i = 0; i < 10; ++i) {
    auto config = small(1);
    config.options["path"] = ":memory:";
    auto db = std::make_unique<any_pool>(config, make_sqlite(config).value());
    REQUIRE(db->execute("SELECT 1"));
    auto users = std::vector<std::thread>{};
    for (auto n = 0; n < 3; ++n)
      users.emplace_back([&] { static_cast<void>(db->execute("SELECT 2")); });
    for (auto& user : users)
      user.join();
    REQUIRE(test::ends_elsewhere(std::move(db)));
  }
}

TEST_CASE("a lease outlives its pool", "[trap-T74]") {
  auto server = std::make_shared<scripted_backend>();
  auto survivor = lease{};
  {
    auto config = small(1);
    config.close_timeout = 50ms;
    any_pool db{config, server};
    auto held = db.acquire(60s);
    REQUIRE(held.has_value());
    survivor = *std::move(held);
  }
  CHECK(survivor.lost());
  auto rows = survivor.execute("SELECT 1");
  REQUIRE(!rows.has_value());
  CHECK(rows.error().code == errc::lease_lost);
  survivor.release();
  CHECK(server->verdict() == "");
}

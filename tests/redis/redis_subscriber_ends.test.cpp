// Handlers of a subscriber, and its end.

#include "caf_pool/redis.hpp"

#include "redis_news.hpp"
#include "support/catch_compat.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::eventually;
using test::frozen;
using test::news_spec;
using test::plenty;
using test::private_redis;
using test::reader;

TEST_CASE("a handler may end its own subscription and make others") {
  private_redis server;
  redis_subscriber news{news_spec(server)};
  std::atomic<int> heard = 0;
  std::optional<redis_subscription> mine;
  std::optional<redis_subscription> next;
  std::promise<void> kept;
  auto ready = kept.get_future().share();
  reader late;
  auto once = [&](const redis_message&) {
    ready.wait();
    ++heard;
    next = news.subscribe({.channels = {"b"}}, late.listener()).value();
    mine.reset();
  };
  mine = news.subscribe({.channels = {"a"}}, {once, {}}, plenty).value();
  server.query({"PUBLISH", "a", "1"});
  server.query({"PUBLISH", "a", "2"});
  kept.set_value();
  CHECK(eventually([&] { return server.query({"PUBLISH", "a", ""}) == "0"; }));
  CHECK(heard == 1);
  CHECK(eventually([&] { return server.query({"PUBLISH", "b", ""}) == "1"; }));
  CHECK(late.hears(1));
}

TEST_CASE("a handler that throws hears of the next message all the same") {
  private_redis server;
  redis_subscriber news{news_spec(server)};
  std::atomic<int> heard = 0;
  auto held = news.subscribe({.channels = {"a"}},
                             {[&](const redis_message&) {
                                ++heard;
                                throw std::runtime_error{"no"};
                              },
                              {}},
                             plenty);
  REQUIRE(held);
  server.query({"PUBLISH", "a", "1"});
  server.query({"PUBLISH", "a", "2"});
  CHECK(eventually([&] { return heard == 2; }));
  CHECK(eventually([&] { return news.status().failed_handlers == 2; }));
  CHECK(news.generation() == 1);
}

TEST_CASE("no handler runs when its subscription has ended") {
  private_redis server;
  pool cache{news_spec(server)};
  std::atomic<bool> over = false;
  std::thread publisher{[&] {
    while (!over)
      cache.command("PUBLISH", "a", "x").value();
  }};
  auto late = 0;
  for (auto i = 0; i < 100; ++i) {
    auto alive = std::make_shared<std::atomic<bool>>(true);
    auto wrong = std::make_shared<std::atomic<int>>(0);
    auto held = cache.subscribe({.channels = {"a"}},
                                {[=](const redis_message&) {
                                   if (!*alive)
                                     ++*wrong;
                                 },
                                 {}},
                                plenty);
    REQUIRE(held);
    held->end();
    *alive = false;
    late += *wrong;
  }
  over = true;
  publisher.join();
  CHECK(late == 0);
}

TEST_CASE("a subscriber ends while it waits, connects or is connected") {
  private_redis server;
  reader mine;
  auto spec = news_spec(server);
  std::optional<redis_subscription> outlives;
  { redis_subscriber idle{spec}; }
  {
    redis_subscriber news{spec};
    outlives
      = news.subscribe({.channels = {"a"}}, mine.listener(), plenty).value();
  }
  CHECK(eventually([&] { return server.query({"PUBLISH", "a", ""}) == "0"; }));
  outlives.reset();
  // The server takes the connection and says nothing for a minute.
  frozen standing{server};
  auto began = clock::now();
  {
    redis_subscriber stuck{spec};
    CHECK_FALSE(stuck.subscribe({.channels = {"a"}}, mine.listener(), 10ms));
  }
  CHECK(clock::now() - began < 50s);
}

TEST_CASE("callers who subscribe and end at the same time do not meet") {
  private_redis server;
  redis_subscriber news{news_spec(server)};
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (auto i = 0; i < 6; ++i)
    threads.emplace_back([&, i] {
      for (auto j = 0; j < 100; ++j) {
        auto shared = "c" + std::to_string((i + j) % 5);
        std::atomic<int> heard = 0;
        auto held = news.subscribe({.channels = {shared}},
                                   {[&](const redis_message&) { ++heard; }, {}},
                                   plenty);
        if (!held) {
          ++failed;
          continue;
        }
        server.query({"PUBLISH", shared, "x"});
        if (!eventually([&] { return heard > 0; }))
          ++failed;
      }
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(failed == 0);
  CHECK(news.generation() == 1);
  CHECK(news.status().subscriptions == 0);
}

// Pub/sub over a connection of its own.

#include "caf_pool/redis.hpp"

#include "redis_news.hpp"
#include "support/catch_compat.hpp"

#include <mutex>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::eventually;
using test::frozen;
using test::news_spec;
using test::plenty;
using test::private_redis;
using test::reader;

// -- messages -----------------------------------------------------------------

TEST_CASE("a subscriber hears what is published, in order and as it is") {
  private_redis server;
  redis_subscriber news{news_spec(server)};
  reader mine;
  auto held = news.subscribe({.channels = {"a", "b"}, .patterns = {"p.*"}},
                             mine.listener(), plenty);
  REQUIRE(held);
  const auto bytes = std::string{"\0\r\n$5\r\n\xff", 8};
  CHECK(server.query({"PUBLISH", "a", "one"}) == "1");
  CHECK(server.query({"PUBLISH", "b", bytes}) == "1");
  CHECK(server.query({"PUBLISH", "p.x", ""}) == "1");
  CHECK(server.query({"PUBLISH", "c", "nobody"}) == "0");
  CHECK(mine.hears(3));
  std::lock_guard guard{mine.mtx};
  CHECK(mine.messages
        == std::vector<redis_message>{
          {"a", "", "one"}, {"b", "", bytes}, {"p.x", "p.*", ""}});
  CHECK(mine.gaps.empty());
  auto now = news.status();
  CHECK(now.connected);
  CHECK(now.generation == 1);
  CHECK(now.messages == 3);
  CHECK(now.subscriptions == 1);
}

TEST_CASE("ten thousand messages arrive, none lost and none out of turn") {
  private_redis server;
  pool cache{news_spec(server)};
  reader mine;
  auto held = cache.subscribe({.channels = {"n"}}, mine.listener(), plenty);
  REQUIRE(held);
  constexpr std::size_t count = 10'000;
  std::vector<redis_command> all;
  for (std::size_t i = 0; i < count; ++i)
    all.emplace_back("PUBLISH", "n", i);
  REQUIRE(cache.pipeline(std::move(all)));
  REQUIRE(mine.hears(count));
  std::lock_guard guard{mine.mtx};
  auto in_order = true;
  for (std::size_t i = 0; i < count; ++i)
    in_order = in_order && mine.messages[i].payload == std::to_string(i);
  CHECK(in_order);
  CHECK(mine.messages.size() == count);
  CHECK(mine.gaps.empty());
}

TEST_CASE("many channels and many listeners share one connection") {
  private_redis server;
  redis_subscriber news{news_spec(server)};
  constexpr auto channels = 1000;
  auto topics = redis_topics{};
  for (auto i = 0; i < channels; ++i)
    topics.channels.push_back("c" + std::to_string(i));
  reader all;
  auto first = news.subscribe(topics, all.listener(), plenty);
  REQUIRE(first);
  reader some;
  auto second
    = news.subscribe({.channels = {"c7", "c7", "c8"}}, some.listener(), plenty);
  REQUIRE(second);
  CHECK(server.query({"PUBLISH", "c7", "x"}) == "1");
  CHECK(server.query({"PUBLISH", "c999", "y"}) == "1");
  CHECK(all.hears(2));
  CHECK(some.hears(1));
  // Who goes takes only what nobody else wants.
  first->end();
  CHECK_FALSE(*first);
  CHECK(eventually([&] { return server.query({"PUBLISH", "c1", ""}) == "0"; }));
  CHECK(server.query({"PUBLISH", "c8", "z"}) == "1");
  CHECK(some.hears(2));
  CHECK(all.heard() == 2);
  CHECK(news.generation() == 1);
}

TEST_CASE("a channel of shards is heard as any other") {
  private_redis server;
  redis_subscriber news{news_spec(server)};
  reader mine;
  auto held
    = news.subscribe({.shard_channels = {"s"}}, mine.listener(), plenty);
  REQUIRE(held);
  CHECK(server.query({"SPUBLISH", "s", "x"}) == "1");
  CHECK(mine.hears(1));
}

TEST_CASE("keys that changed are announced to the connection that is named") {
  private_redis server;
  auto spec = news_spec(server).size(1);
  redis_subscriber news{spec};
  pool cache{spec};
  reader mine;
  auto held = news.subscribe({.channels = {std::string{redis_invalidations}}},
                             mine.listener(), plenty);
  REQUIRE(held);
  CHECK(news.client_id() > 0);
  auto tracked = cache.acquire();
  REQUIRE(tracked);
  tracked->command("CLIENT", "TRACKING", "ON", "REDIRECT", news.client_id())
    .value();
  server.query({"SET", "k", "1"});
  CHECK(tracked->command<std::string>("GET", "k").value() == "1");
  server.query({"SET", "k", "2"});
  CHECK(mine.hears(1));
  server.query({"FLUSHALL"});
  CHECK(mine.hears(2));
  std::lock_guard guard{mine.mtx};
  CHECK(mine.messages[0].keys == std::vector<std::string>{"k"});
  CHECK(mine.messages[1].keys.empty());
}

// -- losses -------------------------------------------------------------------

TEST_CASE("after a restart the gap is told once, before what follows") {
  private_redis server;
  redis_subscriber news{news_spec(server)};
  reader mine;
  reader other;
  auto held = news.subscribe({.channels = {"a", "b"}, .patterns = {"p*"}},
                             mine.listener(), plenty);
  auto another = news.subscribe({.channels = {"a"}}, other.listener(), plenty);
  REQUIRE(held);
  REQUIRE(another);
  server.query({"PUBLISH", "a", "before"});
  CHECK(mine.hears(1));
  auto killed = clock::now();
  server.kill9();
  CHECK(eventually([&] { return !news.status().connected; }));
  CHECK(news.client_id() == 0);
  server.start();
  CHECK(mine.misses(1));
  CHECK(other.misses(1));
  CHECK(server.query({"PUBLISH", "a", "after"}) == "1");
  CHECK(server.query({"PUBLISH", "pq", "after"}) == "1");
  CHECK(mine.hears(3));
  CHECK(other.hears(1));
  std::lock_guard guard{mine.mtx};
  REQUIRE(mine.gaps.size() == 1);
  auto& gap = mine.gaps.front();
  CHECK(gap.since <= killed);
  CHECK(gap.until > killed);
  CHECK(gap.generation == 2);
  CHECK_FALSE(gap.reason.empty());
  CHECK(mine.gaps_at.front() == 1);
  CHECK(news.generation() == 2);
  CHECK(news.client_id() > 0);
}

TEST_CASE("connections that the server kills are told each time") {
  private_redis server;
  redis_subscriber news{news_spec(server)};
  reader mine;
  auto held = news.subscribe({.channels = {"a"}}, mine.listener(), plenty);
  REQUIRE(held);
  auto id = news.client_id();
  for (std::size_t i = 1; i <= 5; ++i) {
    CHECK(server.query({"CLIENT", "KILL", "TYPE", "pubsub"}) == "1");
    CHECK(mine.misses(i));
    CHECK(server.query({"PUBLISH", "a", "x"}) == "1");
    CHECK(mine.hears(i));
  }
  CHECK(mine.missed() == 5);
  CHECK(news.client_id() > id);
  CHECK(news.status().gaps == 5);
}

TEST_CASE("a server that falls silent is noticed by PING") {
  private_redis server;
  auto spec = news_spec(server);
  spec.config.health_check_interval = 20ms;
  spec.config.health_check_timeout = 300ms;
  spec.config.open_timeout = 300ms;
  redis_subscriber news{spec};
  reader mine;
  auto held = news.subscribe({.channels = {"a"}}, mine.listener(), plenty);
  REQUIRE(held);
  {
    frozen standing{server};
    CHECK(eventually([&] { return !news.status().connected; }));
    CHECK_THAT(news.status().last_error.message, !ContainsSubstring("closed"));
  }
  CHECK(mine.misses(1));
  CHECK(eventually([&] {
    return server.query({"PUBLISH", "a", "x"}) == "1" && mine.heard() > 0;
  }));
}

TEST_CASE("PING keeps a subscription that hears nothing") {
  private_redis server;
  auto spec = news_spec(server);
  spec.config.health_check_interval = 1ms;
  redis_subscriber news{spec};
  reader mine;
  auto held = news.subscribe({.channels = {"a"}}, mine.listener(), plenty);
  REQUIRE(held);
  auto pings = [&] {
    auto text = server.query({"INFO", "commandstats"});
    auto at = text.find("cmdstat_ping:calls=");
    return at == text.npos ? 0 : std::stoi(text.substr(at + 19));
  };
  CHECK(eventually([&] { return pings() >= 20; }));
  // Without a subscription as well.
  held->end();
  auto before = pings();
  CHECK(eventually([&] { return pings() >= before + 20; }));
  CHECK(news.generation() == 1);
  CHECK(mine.missed() == 0);
}

// -- what is refused ----------------------------------------------------------

TEST_CASE("a user without the right to a channel is told at once") {
  private_redis server;
  server.query({"ACL", "SETUSER", "app", "on", ">secret", "+@all", "~*",
                "resetchannels", "&open"});
  auto spec = redis("unix://app:secret@" + server.socket_path());
  spec.config.open_timeout = 60s;
  redis_subscriber news{spec};
  reader mine;
  auto none
    = news.subscribe({.channels = {"open", "shut"}}, mine.listener(), plenty);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == errc::forbidden);
  CHECK_THAT(none.error().message, ContainsSubstring("shut"));
  CHECK(eventually([&] {
    return server.query({"PUBLISH", "open", ""}) == "0";
  }));
  auto held = news.subscribe({.channels = {"open"}}, mine.listener(), plenty);
  REQUIRE(held);
  CHECK(server.query({"PUBLISH", "open", "x"}) == "1");
  CHECK(mine.hears(1));
}

TEST_CASE("a right that was lost in between ends the gap when it is back") {
  private_redis server;
  server.query({"ACL", "SETUSER", "app", "on", ">secret", "+@all", "~*",
                "resetchannels", "&a", "&b"});
  auto spec = redis("unix://app:secret@" + server.socket_path());
  spec.config.open_timeout = 60s;
  spec.config.health_check_interval = 5ms;
  spec.config.health_check_timeout = 60s;
  spec.config.retry.start = 20ms;
  redis_subscriber news{spec};
  reader both;
  reader one;
  auto held = news.subscribe({.channels = {"a", "b"}}, both.listener(), plenty);
  auto other = news.subscribe({.channels = {"a"}}, one.listener(), plenty);
  REQUIRE(held);
  REQUIRE(other);
  server.query({"ACL", "SETUSER", "app", "resetchannels", "&a"});
  server.query({"CLIENT", "KILL", "TYPE", "pubsub"});
  CHECK(one.misses(1));
  CHECK(both.missed() == 0);
  CHECK(eventually(
    [&] { return news.status().last_error.code == errc::forbidden; }));
  server.query({"ACL", "SETUSER", "app", "&b"});
  CHECK(both.misses(1));
  CHECK(server.query({"PUBLISH", "b", "x"}) == "1");
  CHECK(both.hears(1));
}

TEST_CASE("a subscription that cannot be made says why") {
  private_redis server;
  reader mine;
  SECTION("nothing to hear") {
    redis_subscriber news{news_spec(server)};
    CHECK(news.subscribe({}, mine.listener()).error().code
          == errc::invalid_argument);
    CHECK(news.subscribe({.channels = {"a"}}, {}).error().code
          == errc::invalid_argument);
  }
  SECTION("a wrong password") {
    auto spec = redis("unix://nobody:wrong@" + server.socket_path());
    spec.config.open_timeout = 60s;
    redis_subscriber news{spec};
    auto none = news.subscribe({.channels = {"a"}}, mine.listener(), plenty);
    CHECK(none.error().code == errc::open_refused);
  }
  SECTION("no server") {
    auto spec = news_spec(server);
    server.stop();
    redis_subscriber news{spec};
    auto none = news.subscribe({.channels = {"a"}}, mine.listener(), 100ms);
    CHECK(none.error().code == errc::open_timeout);
    // It is not left behind.
    server.start();
    auto held = news.subscribe({.channels = {"b"}}, mine.listener(), plenty);
    REQUIRE(held);
    CHECK(server.query({"PUBLISH", "a", ""}) == "0");
  }
  SECTION("no sense in its settings") {
    redis_subscriber news{redis("redis://localhost/zero")};
    CHECK(news.ready().error().code == errc::invalid_argument);
    CHECK(news.subscribe({.channels = {"a"}}, mine.listener()).error()
          == news.ready().error());
  }
}

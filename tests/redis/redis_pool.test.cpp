#include "caf_pool/redis.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/private_redis.hpp"

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::eventually;
using test::private_redis;

namespace {

using optional_text = std::optional<std::string>;

backend_spec<redis_connection> spec_of(const private_redis& server,
                                       std::uint32_t size = 4) {
  auto result = redis("unix://" + server.socket_path()).size(size);
  // A busy machine is slower than any pool should be.
  result.config.acquire_timeout = 60s;
  result.config.execute_timeout = 60s;
  result.config.open_timeout = 60s;
  return result;
}

/// A pool of the shared server, whose data ends with it.
struct fresh_pool : pool<redis_connection> {
  explicit fresh_pool(std::uint32_t size = 4)
    : pool(spec_of(private_redis::shared(), size)) {
    private_redis::shared().query({"FLUSHALL"});
  }
};

} // namespace

// -- one call -----------------------------------------------------------------

TEST_CASE("a pool runs commands and reads their replies as types") {
  fresh_pool cache;
  CHECK(cache.command("SET", "n", 41, "EX", 60).value().is_status("OK"));
  CHECK(cache.command<std::int64_t>("INCR", "n").value() == 42);
  CHECK(cache.command<std::string>("GET", "n").value() == "42");
  CHECK(cache.command<optional_text>("GET", "none").value() == std::nullopt);
  CHECK(cache.command("GET", "none").value().is_nil());
  cache.command("HSET", "h", "a", 1.5, "b", -2).value();
  auto fields = cache.command<std::map<std::string, double>>("HGETALL", "h");
  CHECK(fields.value() == std::map<std::string, double>{{"a", 1.5}, {"b", -2}});
  auto bytes = std::string{"\0\r\n$5\r\n\xff", 8};
  cache.command("SET", bytes, bytes).value();
  CHECK(cache.command<std::string>("GET", bytes).value() == bytes);
}

TEST_CASE("an error reply is an error with its first word as state") {
  fresh_pool cache;
  cache.command("SET", "text", "x").value();
  auto wrong = cache.command("LPUSH", "text", 1);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == errc::execute_failed);
  CHECK(wrong.error().state == "WRONGTYPE");
  auto unread = cache.command<std::int64_t>("GET", "text");
  REQUIRE_FALSE(unread);
  CHECK(unread.error().code == errc::invalid_argument);
  auto sql = cache.execute("SELECT 1");
  REQUIRE_FALSE(sql);
  CHECK(sql.error().code == errc::not_supported);
  auto blocks = cache.command("BLPOP", "list", 0);
  REQUIRE_FALSE(blocks);
  CHECK(blocks.error().code == errc::not_supported);
  // None of them cost a connection.
  CHECK(cache.snapshot().value().counters.opened <= 4);
}

TEST_CASE("a URL that makes no sense is told by every call") {
  pool cache{redis("redis://localhost/zero")};
  REQUIRE_FALSE(cache.ready());
  CHECK(cache.ready().error().code == errc::invalid_argument);
  CHECK(cache.command("PING").error() == cache.ready().error());
}

// -- several commands ---------------------------------------------------------

TEST_CASE("a pipeline returns a reply or an error for each command") {
  fresh_pool cache;
  auto replies = cache.pipeline({redis_command{"SET", "a", 1},
                                 redis_command{"LPUSH", "a", 1},
                                 redis_command{"INCR", "a"}});
  REQUIRE(replies);
  auto& items = replies->items;
  REQUIRE(items.size() == 3);
  CHECK(items[0].value().is_status("OK"));
  CHECK(items[1].error().state == "WRONGTYPE");
  CHECK(items[2].value().as<std::int64_t>().value() == 2);
}

TEST_CASE("a pipeline may be longer than what is under way at once") {
  auto spec = spec_of(private_redis::shared());
  private_redis::shared().query({"FLUSHALL"});
  spec.config.options["pipeline_max_commands"] = "7";
  spec.config.options["pipeline_max_bytes"] = "1024";
  auto backend = make_redis(spec.config);
  REQUIRE(backend);
  spec.backend = *backend;
  pool cache{spec};
  std::vector<redis_command> commands;
  for (int i = 0; i < 5000; ++i)
    commands.emplace_back("ECHO",
                          std::string(i % 400, 'x') + std::to_string(i));
  auto replies = cache.pipeline(commands);
  REQUIRE(replies);
  REQUIRE(replies->items.size() == commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i)
    REQUIRE(replies->items[i].value().as<std::string>().value()
            == commands[i].at(1));
}

TEST_CASE("a transaction that fails in the middle says so") {
  fresh_pool cache;
  cache.command("SET", "text", "x").value();
  auto some = cache.transaction(
    {redis_command{"SET", "a", 1}, redis_command{"LPUSH", "text", 1}});
  REQUIRE(some);
  CHECK(some->partial);
  CHECK(some->items[0].value().is_status("OK"));
  CHECK(some->items[1].error().state == "WRONGTYPE");
  auto none = cache.transaction(
    {redis_command{"SET", "b", 1}, redis_command{"NOSUCHCOMMAND"}});
  REQUIRE_FALSE(none);
  CHECK(none.error().code == errc::execute_failed);
  CHECK(cache.command("GET", "b").value().is_nil());
}

TEST_CASE("transactions that depend on a value lose none of the changes") {
  constexpr auto callers = 8;
  constexpr auto rounds = 50;
  fresh_pool cache{callers};
  auto add_one = [](auto& held) -> result<std::vector<redis_command>> {
    auto now = held.template command<std::optional<std::int64_t>>("GET", "sum");
    if (!now)
      return now.error();
    return std::vector{redis_command{"SET", "sum", now->value_or(0) + 1}};
  };
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (auto i = 0; i < callers; ++i)
    threads.emplace_back([&] {
      for (auto j = 0; j < rounds; ++j)
        if (!cache.transact({"sum"}, add_one, {}, 100'000))
          ++failed;
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(failed == 0);
  CHECK(cache.command<std::int64_t>("GET", "sum").value() == callers * rounds);
}

TEST_CASE("a transaction that is always overtaken gives up as a conflict") {
  fresh_pool cache;
  auto rounds = 0;
  auto done = cache.transact(
    {"k"},
    [&](auto&) -> result<std::vector<redis_command>> {
      ++rounds;
      cache.command("INCR", "k").value();
      return std::vector{redis_command{"SET", "k", -1}};
    },
    {}, 3);
  REQUIRE_FALSE(done);
  CHECK(done.error().state == "CONFLICT");
  CHECK(rounds == 3);
  CHECK(cache.command<std::int64_t>("GET", "k").value() == 3);
}

TEST_CASE("a script runs on servers that do not know it yet") {
  fresh_pool cache;
  const auto add
    = redis_script{"return redis.call('INCRBY', KEYS[1], ARGV[1])"};
  private_redis::shared().query({"SCRIPT", "FLUSH"});
  CHECK(cache.script<std::int64_t>(add, {"n"}, {"5"}).value() == 5);
  CHECK(cache.script<std::int64_t>(add, {"n"}, {"5"}).value() == 10);
  private_redis::shared().query({"SCRIPT", "FLUSH"});
  CHECK(cache.script<std::int64_t>(add, {"n"}, {"5"}).value() == 15);
  auto bad = cache.script(redis_script{"return nosuch()"});
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == errc::execute_failed);
}

TEST_CASE("a scan finds every key, in portions") {
  fresh_pool cache;
  std::vector<redis_command> commands;
  for (auto i = 0; i < 1000; ++i)
    commands.emplace_back("SET", "user:" + std::to_string(i), i);
  commands.emplace_back("SET", "other", 1);
  REQUIRE(cache.pipeline(commands));
  std::set<std::string> found;
  auto keys = cache.scan("user:*", 50);
  for (auto& key : keys)
    found.insert(key);
  CHECK_FALSE(keys.failure());
  CHECK(found.size() == 1000);
  CHECK(found.count("other") == 0);
  // A failure ends the range and is told.
  cache.drain(60s).value();
  auto late = cache.scan("*");
  CHECK(late.begin() == late.end());
  CHECK(late.failure());
}

// -- leases -------------------------------------------------------------------

TEST_CASE("what a lease left is gone before the next holder comes") {
  fresh_pool cache{1};
  cache.command("SET", "k", "home").value();
  {
    auto held = cache.acquire();
    REQUIRE(held);
    held->command("SELECT", 3).value();
    held->command("SET", "k", "away").value();
    held->command("WATCH", "k").value();
    held->command("MULTI").value();
    CHECK(held->command("GET", "k").value().is_status("QUEUED"));
  }
  CHECK(cache.command<std::string>("GET", "k").value() == "home");
  auto now = cache.snapshot().value();
  CHECK(now.counters.opened == 1);
  CHECK(now.counters.resets == 1);
}

TEST_CASE("a lease that only ran commands on data costs no reset") {
  fresh_pool cache{1};
  for (auto i = 0; i < 100; ++i) {
    auto held = cache.acquire();
    REQUIRE(held);
    held->command("SET", "k", i).value();
    held->pipeline({redis_command{"GET", "k"}, redis_command{"DEL", "k"}})
      .value();
  }
  CHECK(cache.snapshot().value().counters.resets == 0);
}

TEST_CASE("a call for reading sends only commands that read") {
  fresh_pool cache;
  auto reading = acquire_options{};
  reading.read_only = true;
  cache.command("SET", "k", 1).value();
  CHECK(cache.send<std::int64_t>(redis_command{"GET", "k"}, reading).value()
        == 1);
  auto refused = cache.send(redis_command{"SET", "k", 2}, reading);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::forbidden);
  CHECK(cache.command<std::int64_t>("INCR", "k").value() == 2);
}

// -- a server that fails ------------------------------------------------------

TEST_CASE("a command that may have happened is not told as one that did not") {
  private_redis server;
  pool cache{spec_of(server, 2)};
  cache.command("SET", "n", 0).value();
  auto brief = acquire_options{};
  brief.limit = 300ms;
  server.freeze();
  auto read = cache.send(redis_command{"GET", "n"}, brief);
  auto write = cache.send(redis_command{"INCR", "n"}, brief);
  server.thaw();
  REQUIRE_FALSE(read);
  REQUIRE_FALSE(write);
  CHECK(read.error().code != errc::outcome_unknown);
  // It may not even have got a connection by then.
  CHECK((write.error().code == errc::outcome_unknown
         || write.error().code == errc::acquire_timeout));
  CHECK(eventually([&] { return cache.command("GET", "n").has_value(); }));
}

TEST_CASE("a pool serves again soon after its server was killed") {
  private_redis server;
  pool cache{spec_of(server)};
  cache.command("SET", "k", 1).value();
  server.kill9();
  CHECK_FALSE(cache.command("GET", "k"));
  server.start();
  CHECK(eventually([&] { return cache.command("GET", "k").has_value(); }));
}

TEST_CASE("no reply is ever another command's while connections break") {
  private_redis server;
  constexpr auto callers = 8;
  pool cache{spec_of(server, 4)};
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (auto i = 0; i < callers; ++i)
    threads.emplace_back([&, i] {
      for (auto j = 0; !over; ++j) {
        auto sent = std::to_string(i) + ':' + std::to_string(j);
        auto options = acquire_options{};
        options.limit = j % 3 == 0 ? 2ms : 1000ms;
        auto got
          = cache.send<std::string>(redis_command{"ECHO", sent}, options);
        if (got && *got != sent)
          ++wrong;
        answered += got.has_value() ? 1 : 0;
      }
    });
  for (auto i = 0; i < 20; ++i) {
    auto before = answered.load();
    server.query({"CLIENT", "KILL", "TYPE", "normal"});
    CHECK(eventually([&] { return answered > before + 500; }));
  }
  over = true;
  for (auto& thread : threads)
    thread.join();
  CHECK(wrong == 0);
}

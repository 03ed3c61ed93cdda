#include "caf_pool/core/random.hpp"
#include "caf_pool/redis.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"
#include "support/private_redis.hpp"
#include "support/rounds.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::code_of;
using test::eventually;
using test::frozen;
using test::patience;
using test::private_redis;
using test::rounds;

namespace {

using command = redis_command;
using commands = std::vector<command>;

backend_spec<redis_connection> spec_of(const private_redis& server,
                                       std::uint32_t size) {
  auto result = redis("unix://" + server.socket_path()).size(size);
  result.config.acquire_timeout = 60s;
  result.config.execute_timeout = 60s;
  result.config.open_timeout = 60s;
  // A server that is frozen answers no probe.
  result.config.validate_on_acquire = false;
  return result;
}

/// A lane of a pool with one connection, which nobody else uses.
struct only_lane {
  pool<redis_connection> db;
  redis_lane lane;

  explicit only_lane(const private_redis& server, lane_limits limits = {})
    : db(spec_of(server, 1)), lane(with_bytes(limits)) {
    send(command{"PING"}).value();
  }

  static lane_limits with_bytes(lane_limits x) {
    x.result_bytes = std::uint64_t{1} << 30;
    return x;
  }

  /// Returns nothing if the lane does not take it.
  std::optional<result<redis_replies>> try_all(const commands& what,
                                               duration limit) {
    auto mine = lane_call{};
    mine.commands = what;
    mine.end = clock::now() + limit;
    mine.wait_until = *mine.end;
    if (!lane.run(db, mine))
      return std::nullopt;
    auto done = mine.finish();
    if (!done)
      return result<redis_replies>{done.error()};
    return result<redis_replies>{std::move(done->replies())};
  }

  result<redis_value> send(const command& what, duration limit = patience) {
    auto done = try_all({what}, limit);
    if (!done)
      return error{errc::cancelled, "the lane did not take it", {}};
    if (!*done)
      return done->error();
    return std::move((*done)->items.at(0));
  }

  std::future<result<redis_value>> start(command what,
                                         duration limit = patience) {
    return std::async(std::launch::async,
                      [this, what, limit] { return send(what, limit); });
  }

  /// Waits until commands are under way.
  bool is_used() {
    return eventually([&] { return db.snapshot().value().gauges.leased == 1; });
  }
};

/// Calls `f(i, n)` on some threads for `n` from 0 until it returns false.
template <class F>
std::vector<std::thread> callers(int count, F f) {
  std::vector<std::thread> result;
  for (auto i = 0; i < count; ++i)
    result.emplace_back([i, f]() mutable {
      for (auto n = 0; f(i, n); ++n) {
        // nop
      }
    });
  return result;
}

void join(std::vector<std::thread>& xs) {
  for (auto& x : xs)
    x.join();
}

bool is_in(errc x, std::initializer_list<errc> all) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

} // namespace

// -- whose reply it is --------------------------------------------------------

TEST_CASE("no reply of a shared connection is another caller's") {
  private_redis server;
  pool cache{spec_of(server, 4)};
  std::atomic<std::uint64_t> left = rounds(200'000);
  std::atomic<int> wrong = 0;
  std::atomic<int> answered = 0;
  std::atomic<int> late = 0;
  auto ask = [&](int i, int n) {
    auto dice = random_source{static_cast<std::uint64_t>(i) << 32 | n};
    auto sent = std::to_string(i) + ':' + std::to_string(n)
                + std::string(dice.below(200), '.');
    auto how = acquire_options{};
    how.limit = dice.below(10) == 0
                  ? std::chrono::microseconds{dice.below(2'000)}
                  : 60'000'000us;
    auto got = cache.send<std::string>(command{"ECHO", sent}, how);
    wrong += got && *got != sent ? 1 : 0;
    answered += got ? 1 : 0;
    late += got ? 0 : 1;
    // These have a lease, whatever it is that they do to a session.
    if (n % 500 == 0)
      (void) cache.command(i % 2 == 0 ? "MULTI" : "WATCH", "k");
    if (n % 700 == 0)
      (void) cache.command("SELECT", 3);
    auto before = left.load();
    while (before > 0 && !left.compare_exchange_weak(before, before - 1)) {
      // nop
    }
    return before > 0;
  };
  auto all = callers(24, ask);
  while (left > 0) {
    server.query({"CLIENT", "KILL", "TYPE", "normal"});
    auto before = left.load();
    eventually([&] { return left == 0 || left + 5'000 < before; });
  }
  join(all);
  CHECK(wrong == 0);
  CHECK(late > 0);
  CHECK(answered > late);
  CHECK(cache.command<std::string>("ECHO", "x").value() == "x");
  CHECK(server.query({"INFO", "keyspace"}).find("db3") == std::string::npos);
}

TEST_CASE("what a lane sends comes back in its order") {
  auto limits = lane_limits{};
  limits.in_flight = 10;
  only_lane shared{private_redis::shared(), limits};
  auto many = commands{};
  for (auto i = 0; i < 1'000; ++i)
    many.emplace_back("ECHO", i);
  std::atomic<int> wrong = 0;
  auto all = callers(8, [&](int, int n) {
    auto got = shared.try_all(many, patience);
    for (auto i = 0; i < 1'000; ++i)
      wrong += (*got)->items.at(i).value().text() != std::to_string(i) ? 1 : 0;
    return n < 5;
  });
  join(all);
  CHECK(wrong == 0);
  CHECK(shared.db.snapshot().value().counters.opened == 1);
}

TEST_CASE("each command of a pipeline has its own error in a lane, too") {
  only_lane shared{private_redis::shared()};
  private_redis::shared().query({"FLUSHALL"});
  auto got = shared.try_all(
    {command{"SET", "a", 1}, command{"LPUSH", "a", 1}, command{"INCR", "a"}},
    patience);
  REQUIRE(got);
  auto& items = (*got)->items;
  CHECK(items[0].value().is_status("OK"));
  CHECK(items[1].error().state == "WRONGTYPE");
  CHECK(items[2].value().as<std::int64_t>().value() == 2);
  CHECK(shared.send(command{"GET"}).error().code == errc::execute_failed);
}

// -- deadlines ----------------------------------------------------------------

TEST_CASE("who leaves a lane takes nothing from those who stay") {
  private_redis server;
  only_lane shared{server};
  std::future<result<redis_value>> patient;
  {
    frozen scope{server};
    patient = shared.start(command{"INCR", "n"});
    REQUIRE(shared.is_used());
    auto read = shared.start(command{"GET", "n"}, 30ms);
    auto write = shared.start(command{"INCR", "n"}, 30ms);
    CHECK(code_of(read.get()) == errc::execute_timeout);
    CHECK(code_of(write.get()) == errc::outcome_unknown);
  }
  CHECK(patient.get().value().as<std::int64_t>().value() == 1);
  CHECK(eventually([&] { return server.query({"GET", "n"}) == "2"; }));
  CHECK(shared.send(command{"ECHO", "x"}).value().text() == "x");
  CHECK(shared.db.snapshot().value().counters.opened == 1);
}

TEST_CASE("the last one to leave a lane in vain ends the connection") {
  private_redis server;
  only_lane shared{server};
  {
    frozen scope{server};
    CHECK(code_of(shared.send(command{"GET", "n"}, 20ms))
          == errc::execute_timeout);
    CHECK(eventually(
      [&] { return shared.db.snapshot().value().gauges.leased == 0; }));
  }
  CHECK(shared.send(command{"ECHO", "x"}).value().text() == "x");
  CHECK(shared.db.snapshot().value().counters.opened == 2);
}

TEST_CASE("a lane that stands still sends callers to the other connections") {
  private_redis server;
  only_lane shared{server};
  std::future<result<redis_value>> patient;
  {
    frozen scope{server};
    patient = shared.start(command{"GET", "n"});
    REQUIRE(shared.is_used());
    // Some are sent along at first.
    std::vector<std::future<result<redis_value>>> sent;
    CHECK(eventually([&] {
      sent.push_back(shared.start(command{"GET", "n"}));
      return sent.back().wait_for(300ms) == std::future_status::ready;
    }));
    CHECK(code_of(sent.back().get()) == errc::cancelled);
    server.thaw();
    sent.pop_back();
    for (auto& x : sent)
      CHECK(x.get());
  }
  CHECK(patient.get());
  CHECK(shared.send(command{"GET", "n"}));
}

TEST_CASE("replies that are long overdue end the connection of a lane") {
  private_redis server;
  auto spec = spec_of(server, 1);
  spec.config.execute_timeout = 50ms;
  pool db{spec};
  REQUIRE(db.command("PING"));
  redis_lane lane{lane_limits{}};
  frozen scope{server};
  auto mine = lane_call{};
  auto what = commands{command{"INCR", "n"}};
  mine.commands = what;
  mine.wait_until = mine.end.emplace(clock::now() + 1h);
  REQUIRE(lane.run(db, mine));
  CHECK(code_of(mine.finish()) == errc::outcome_unknown);
}

// -- losses -------------------------------------------------------------------

TEST_CASE("a lost connection leaves no doubt that the server can clear up") {
  private_redis server;
  only_lane shared{server};
  std::atomic<bool> over = false;
  std::atomic<std::int64_t> done = 0;
  std::atomic<std::int64_t> unknown = 0;
  std::atomic<int> strange = 0;
  auto all = callers(8, [&](int, int) {
    auto got = shared.send(command{"INCR", "n"});
    done += got ? 1 : 0;
    unknown += code_of(got) == errc::outcome_unknown ? 1 : 0;
    // Nothing was sent if the lane did not take it, or had no connection.
    auto known = {errc::none,      errc::outcome_unknown, errc::connection_lost,
                  errc::cancelled, errc::breaker_open,    errc::open_failed};
    strange += is_in(code_of(got), known) ? 0 : 1;
    return !over;
  });
  for (auto i = 0; i < 10; ++i) {
    auto before = done.load();
    server.query({"CLIENT", "KILL", "TYPE", "normal"});
    CHECK(eventually([&] { return done > before + 50; }));
  }
  over = true;
  join(all);
  CHECK(strange == 0);
  auto counted = std::stoll(server.query({"GET", "n"}));
  CHECK(counted >= done);
  CHECK(counted <= done + unknown);
}

TEST_CASE("a reply that is too large is told to its own caller") {
  private_redis server;
  server.query({"SET", "large", std::string(1'000'000, 'x')});
  server.query({"SET", "small", "x"});
  auto spec = spec_of(server, 1);
  spec.config.max_result_bytes = 100'000;
  auto backend = make_redis(spec.config);
  REQUIRE(backend);
  spec.backend = *backend;
  pool db{spec};
  auto limits = lane_limits{};
  limits.result_bytes = 100'000;
  redis_lane lane{limits};
  auto ask = [&](const commands& what) {
    auto mine = lane_call{};
    mine.commands = what;
    mine.wait_until = mine.end.emplace(clock::now() + patience);
    lane.run(db, mine);
    return mine.finish();
  };
  CHECK(code_of(ask({command{"GET", "large"}})) == errc::result_too_large);
  CHECK(code_of(ask({command{"GET", "small"}})) == errc::none);
  // Several replies are too large together: the connection goes on.
  auto opened = db.snapshot().value().counters.opened;
  auto all = ask(commands(5, command{"GETRANGE", "large", 0, 39'999}));
  REQUIRE(all);
  CHECK(all->replies().items[1]);
  CHECK(code_of(all->replies().items[2]) == errc::result_too_large);
  CHECK(code_of(all->replies().items[4]) == errc::result_too_large);
  CHECK(db.snapshot().value().counters.opened == opened);
  // Nobody gets a part of it.
  std::atomic<int> wrong = 0;
  auto others = callers(4, [&](int i, int n) {
    auto got = ask({command{"GET", i == 0 ? "large" : "small"}});
    if (got && (i == 0 || got->replies().items[0].value().text() != "x"))
      ++wrong;
    return n < 3;
  });
  join(others);
  CHECK(wrong == 0);
}

// -- the lease of a lane ------------------------------------------------------

TEST_CASE("a lane is a lease of the pool, and one that comes back") {
  private_redis server;
  only_lane shared{server};
  CHECK(shared.db.snapshot().value().gauges.leased == 0);
  std::future<result<redis_value>> waiting;
  {
    frozen scope{server};
    waiting = shared.start(command{"GET", "n"});
    REQUIRE(shared.is_used());
    auto now = shared.db.snapshot().value();
    REQUIRE(now.leases.size() == 1);
    CHECK(now.leases[0].holder.starts_with("shared"));
  }
  CHECK(waiting.get());
  CHECK(shared.db.snapshot().value().gauges.leased == 0);
  // While commands go on and on, it comes back now and then all the same.
  std::atomic<bool> over = false;
  auto all = callers(8, [&](int, int) {
    (void) shared.send(command{"GET", "n"});
    return !over;
  });
  for (auto i = 0; i < 5; ++i)
    CHECK(shared.db.acquire());
  over = true;
  join(all);
  CHECK(shared.db.snapshot().value().counters.resets == 0);
}

TEST_CASE("commands that leave something behind do not go over a lane") {
  private_redis server;
  pool cache{spec_of(server, 2)};
  cache.command("SET", "k", "home").value();
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0;
  auto all = callers(8, [&](int, int) {
    auto got = cache.command<std::string>("GET", "k");
    wrong += !got || *got != "home" ? 1 : 0;
    return !over;
  });
  for (auto i = 0; i < 50; ++i) {
    CHECK(cache.command("SELECT", 5));
    CHECK(cache.command("MULTI"));
    CHECK(cache.command("WATCH", "k"));
    CHECK(cache.command("CLIENT", "NO-EVICT", "ON"));
    CHECK(cache.transaction({command{"GET", "k"}}));
    auto reading = acquire_options{};
    reading.read_only = true;
    CHECK(code_of(cache.send(command{"SET", "k", "x"}, reading))
          == errc::forbidden);
  }
  over = true;
  join(all);
  CHECK(wrong == 0);
}

TEST_CASE("a pool without shared connections works as ever") {
  auto& server = private_redis::shared();
  auto [key, value] = GENERATE(std::pair{"multiplexed", "false"},
                               std::pair{"shared_connections", "0"},
                               std::pair{"shared_connections", "1"});
  auto spec = spec_of(server, 2);
  spec.config.options[key] = value;
  pool cache{spec};
  std::atomic<int> failed = 0;
  auto all = callers(8, [&](int i, int n) {
    auto sent = i * 1'000 + n;
    failed += cache.command<std::int64_t>("ECHO", sent).value() == sent ? 0 : 1;
    return n < 200;
  });
  join(all);
  CHECK(failed == 0);
  spec.config.options[key] = "many";
  CHECK_FALSE(make_redis(spec.config));
}

// -- its end ------------------------------------------------------------------

TEST_CASE("callers of a lane are told that the pool is closed") {
  private_redis server;
  auto cache = std::make_unique<pool<redis_connection>>(spec_of(server, 2));
  std::atomic<int> strange = 0;
  std::atomic<int> served = 0;
  auto all = callers(8, [&](int, int) {
    auto got = cache->command("GET", "k");
    served += got ? 1 : 0;
    auto known = {errc::none, errc::closed, errc::draining, errc::lease_lost,
                  errc::connection_lost};
    strange += is_in(code_of(got), known) ? 0 : 1;
    return got.has_value();
  });
  CHECK(eventually([&] { return served > 1'000; }));
  CHECK(cache->drain(patience));
  join(all);
  CHECK(strange == 0);
  cache.reset();
}

TEST_CASE("a pool that moved shares its connections as before") {
  private_redis server;
  pool first{spec_of(server, 2)};
  CHECK(first.command("SET", "k", "x"));
  auto second = std::move(first);
  std::atomic<int> failed = 0;
  auto all = callers(8, [&](int, int n) {
    failed += second.command<std::string>("GET", "k").value() == "x" ? 0 : 1;
    return n < 500;
  });
  join(all);
  CHECK(failed == 0);
}

TEST_CASE("callers of a lane hear why the pool has no connection") {
  private_redis server;
  only_lane shared{server};
  server.kill9();
  std::atomic<int> strange = 0;
  auto all = callers(4, [&](int, int n) {
    auto got = shared.send(command{"GET", "k"}, 100ms);
    auto known = {errc::connection_lost, errc::open_failed, errc::open_timeout,
                  errc::breaker_open, errc::acquire_timeout};
    strange += is_in(code_of(got), known) ? 0 : 1;
    return n < 20;
  });
  join(all);
  CHECK(strange == 0);
  server.start();
  CHECK(eventually([&] {
    return shared.send(command{"GET", "k"}).has_value();
  }));
}

// Commands that wait for what others do, beside a pool and in one of their own.

#include "caf_pool/backend/redis/redis_blocking.hpp"

#include "caf_pool/redis.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/private_redis.hpp"

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::eventually;
using test::frozen;
using test::private_redis;

namespace {

using popped = std::optional<std::pair<std::string, std::string>>;

backend_spec<redis_connection> jobs_spec(const private_redis& server,
                                         int connections = 8) {
  auto result = redis("unix://" + server.socket_path()
                      + "?blocking_connections=" + std::to_string(connections))
                  .size(2);
  result.config.acquire_timeout = 60s;
  result.config.execute_timeout = 60s;
  result.config.open_timeout = 60s;
  return result;
}

/// A pool whose server is its own, so that all clients are.
struct job_pool : pool<redis_connection> {
  explicit job_pool(int connections = 8, private_redis& at = of_this_program())
    : pool(jobs_spec(at, connections)), server(at) {
    server.query({"FLUSHALL"});
  }

  static private_redis& of_this_program() {
    static private_redis it;
    return it;
  }

  std::size_t blocked_clients() const {
    std::size_t result = 0;
    for (auto& x : server.client_list())
      result += x.at("flags").find('b') != std::string::npos ? 1 : 0;
    return result;
  }

  bool waits_for(std::size_t count) const {
    return eventually([&] { return blocked_clients() == count; });
  }

  private_redis& server;
};

acquire_options within(duration limit) {
  auto result = acquire_options{};
  result.limit = limit;
  return result;
}

/// What a caller with next to no time may hear, as of a pool that is just
/// being made.
bool nothing_done(errc x) {
  return x == errc::acquire_timeout || x == errc::execute_timeout
         || x == errc::restarted;
}

template <class... Ts>
duration waiting_time(const Ts&... xs) {
  return redis_waiting_time(redis_command{xs...}).value_or(-1ns);
}

} // namespace

// -- what a command says of its time ------------------------------------------

TEST_CASE("the time of a command that blocks is read where it stands") {
  CHECK(waiting_time("BLPOP", "a", "b", 5) == 5s);
  CHECK(waiting_time("brpop", "a", "0.25") == 250ms);
  CHECK(waiting_time("BLMOVE", "a", "b", "LEFT", "RIGHT", 0) == 0s);
  CHECK(waiting_time("BZMPOP", 3, 1, "a", "MIN") == 3s);
  CHECK(waiting_time("BLMPOP", "1.5", 1, "a", "LEFT") == 1500ms);
  CHECK(waiting_time("XREAD", "COUNT", 1, "BLOCK", 70, "STREAMS", "a", "$")
        == 70ms);
  CHECK(waiting_time("XREADGROUP", "GROUP", "block", "c", "BLOCK", 5, "STREAMS",
                     "a", ">")
        == 5ms);
  CHECK(waiting_time("WAIT", 1, 20) == 20ms);
  CHECK(waiting_time("WAITAOF", 1, 0, 0) == 0s);
  // The server rounds up, and so does this: zero would be for ever.
  CHECK(waiting_time("BLPOP", "a", "1e-12") == 1ms);
  CHECK(waiting_time("BLPOP", "a", "1e300") > 24h);
  CHECK(waiting_time("BLPOP", "a", "soon") == -1ns);
  CHECK(waiting_time("BLPOP", "a", -1) == -1ns);
  CHECK(waiting_time("XREAD", "STREAMS", "BLOCK", "0") == -1ns);
  CHECK(waiting_time("GET", "a") == -1ns);
}

// -- beside a pool ------------------------------------------------------------

TEST_CASE("a command that blocks is served by what another caller does") {
  job_pool jobs;
  auto next = std::async(std::launch::async, [&] {
    return jobs.blocking<popped>("BLPOP", "jobs", 60);
  });
  CHECK(jobs.waits_for(1));
  jobs.command("RPUSH", "jobs", "one").value();
  CHECK(next.get().value() == popped{{"jobs", "one"}});
  // It goes over a connection outside of the pool.
  CHECK(jobs.snapshot().value().counters.acquired == 1);
  CHECK(jobs.blocking_pool().value()->snapshot().value().gauges.idle == 1);
}

TEST_CASE("a command that blocks ends as nil when its own time is over") {
  job_pool jobs;
  auto began = clock::now();
  CHECK(jobs.blocking<popped>("BLPOP", "jobs", "0.05").value() == popped{});
  CHECK(clock::now() - began >= 50ms);
}

TEST_CASE("a caller's shorter limit ends the wait as nil") {
  job_pool jobs;
  auto once = [&](redis_command what) {
    return jobs.send_blocking(std::move(what), within(50ms));
  };
  CHECK(once(redis_command{"BLPOP", "jobs", 0}).value().is_nil());
  CHECK(once(redis_command{"BLPOP", "jobs", 600}).value().is_nil());
  CHECK(once(redis_command{"BZPOPMIN", "z", 0}).value().is_nil());
  CHECK(once(redis_command{"XREAD", "BLOCK", 0, "STREAMS", "s", "$"})
          .value()
          .is_nil());
  // How many there are by then, which is none.
  CHECK(once(redis_command{"WAIT", 1, 0}).value().as<int64_t>().value() == 0);
  // All of them over the same connection.
  auto now = jobs.blocking_pool().value()->snapshot().value();
  CHECK(now.counters.opened == 1);
}

TEST_CASE("a command that blocks needs some limit, and must block") {
  job_pool jobs;
  auto forever = jobs.blocking("BLPOP", "jobs", 0);
  REQUIRE_FALSE(forever);
  CHECK(forever.error().code == errc::invalid_argument);
  auto other = jobs.blocking("GET", "jobs");
  REQUIRE_FALSE(other);
  CHECK(other.error().code == errc::invalid_argument);
  auto wrong = jobs.blocking("BLPOP", "jobs", "soon");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == errc::execute_failed);
  jobs.command("SET", "jobs", 1).value();
  auto text = jobs.blocking("BLPOP", "jobs", 1);
  REQUIRE_FALSE(text);
  CHECK(text.error().state == "WRONGTYPE");
}

TEST_CASE("a pool may have no connections for commands that block") {
  job_pool jobs{0};
  auto none = jobs.blocking("BLPOP", "jobs", 1);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == errc::not_supported);
  CHECK_THAT(none.error().message, ContainsSubstring("blocking_connections"));
}

TEST_CASE("who blocks waits for a turn when all connections wait") {
  constexpr auto connections = 2;
  constexpr auto callers = 6;
  job_pool jobs{connections};
  std::vector<std::future<result<popped>>> all;
  for (auto i = 0; i < callers; ++i)
    all.push_back(std::async(std::launch::async, [&] {
      return jobs.send_blocking<popped>(redis_command{"BLPOP", "jobs", 60},
                                        within(60s));
    }));
  CHECK(jobs.waits_for(connections));
  auto turned_away
    = jobs.send_blocking(redis_command{"BLPOP", "jobs", 60}, within(10ms));
  REQUIRE_FALSE(turned_away);
  CHECK(turned_away.error().code == errc::acquire_timeout);
  std::set<std::string> got;
  for (auto i = 0; i < callers; ++i)
    jobs.command("RPUSH", "jobs", i).value();
  for (auto& x : all)
    got.insert(x.get().value().value().second);
  CHECK(got.size() == callers);
  CHECK(jobs.blocking_pool().value()->snapshot().value().counters.opened
        <= connections);
  CHECK(jobs.snapshot().value().counters.opened <= 2);
}

TEST_CASE("no element is lost, whenever its callers give up") {
  constexpr auto elements = 5000;
  constexpr auto consumers = 6;
  job_pool jobs;
  std::atomic<bool> over = false;
  std::atomic<int> unknown = 0;
  std::mutex mtx;
  std::set<std::string> others;
  std::vector<std::vector<std::string>> got(consumers);
  std::vector<std::thread> threads;
  for (auto i = 0; i < consumers; ++i)
    threads.emplace_back([&, i] {
      auto random = std::mt19937(static_cast<unsigned>(i));
      while (!over) {
        auto limit = std::chrono::microseconds{random() % 3000};
        auto next = jobs.send_blocking<popped>(
          redis_command{"BLPOP", "jobs", 0}, within(limit));
        if (next && *next)
          got[static_cast<std::size_t>(i)].push_back((*next)->second);
        else if (!next && next.error().code == errc::outcome_unknown)
          ++unknown;
        else if (!next && !nothing_done(next.error().code)) {
          std::lock_guard guard{mtx};
          others.insert(to_string(next.error()));
        }
      }
    });
  for (auto i = 0; i < elements; ++i)
    jobs.command("RPUSH", "jobs", i).value();
  CHECK(eventually(
    [&] { return jobs.command<std::int64_t>("LLEN", "jobs").value() == 0; }));
  over = true;
  for (auto& thread : threads)
    thread.join();
  std::map<std::string, int> counts;
  for (auto& some : got)
    for (auto& x : some)
      ++counts[x];
  auto twice = 0;
  for (auto& [element, count] : counts)
    twice += count > 1 ? 1 : 0;
  CHECK(twice == 0);
  CHECK(others == std::set<std::string>{});
  // Nobody knows of those only, and a server that answers leaves none.
  CHECK(counts.size() + static_cast<std::size_t>(unknown) >= elements);
}

TEST_CASE("a wait is not held against the connection that waits") {
  job_pool jobs{1};
  auto failed = 0;
  for (auto ended = 0; ended < 50;) {
    auto none
      = jobs.send_blocking(redis_command{"BLPOP", "jobs", 0}, within(2ms));
    (none ? ended : failed) += 1;
  }
  jobs.command("RPUSH", "jobs", "last").value();
  CHECK(jobs.blocking<popped>("BLPOP", "jobs", 60).value()
        == popped{{"jobs", "last"}});
  // A busy machine may not even send within such a time.
  CHECK(jobs.blocking_pool().value()->snapshot().value().counters.opened
        <= static_cast<std::uint64_t>(1 + failed));
}

// -- faults -------------------------------------------------------------------

TEST_CASE("a server that dies ends the waits, and serves when it is back") {
  private_redis server;
  job_pool jobs{8, server};
  auto next = std::async(std::launch::async,
                         [&] { return jobs.blocking("BLPOP", "jobs", 60); });
  CHECK(jobs.waits_for(1));
  server.kill9();
  auto lost = next.get();
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == errc::outcome_unknown);
  server.start();
  CHECK(eventually([&] {
    auto again = jobs.blocking("BLPOP", "jobs", "0.01");
    return again && again->is_nil();
  }));
}

TEST_CASE("a server that does not end a wait is given up") {
  private_redis server;
  job_pool jobs{8, server};
  auto limited = [&](redis_command what) {
    return jobs.send_blocking(std::move(what), within(200ms));
  };
  CHECK(limited(redis_command{"BLPOP", "jobs", 0}).value().is_nil());
  frozen standing{server};
  auto takes = limited(redis_command{"BLPOP", "jobs", 0});
  REQUIRE_FALSE(takes);
  // It may not even have had a connection by then.
  CHECK((takes.error().code == errc::outcome_unknown
         || takes.error().code == errc::acquire_timeout));
}

TEST_CASE("a user who may not unblock loses the connection at the limit") {
  private_redis server;
  server.query({"ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all",
                "-client|unblock"});
  auto spec = redis("unix://app:secret@" + server.socket_path()).size(1);
  spec.config.open_timeout = 60s;
  spec.config.acquire_timeout = 60s;
  pool jobs{spec};
  auto late
    = jobs.send_blocking(redis_command{"BLPOP", "jobs", 0}, within(100ms));
  REQUIRE_FALSE(late);
  CHECK((late.error().code == errc::outcome_unknown
         || late.error().code == errc::acquire_timeout));
  if (late.error().code == errc::outcome_unknown)
    CHECK_THAT(late.error().message, ContainsSubstring("CLIENT UNBLOCK"));
  // The server's own time needs no such right.
  CHECK(jobs.blocking("BLPOP", "jobs", "0.01").value().is_nil());
}

TEST_CASE("a cancel ends a wait, and leaves the connection as it was") {
  job_pool jobs{1};
  auto held = jobs.blocking_pool().value()->acquire();
  REQUIRE(held);
  // Nothing waits yet.
  held->get().cancel();
  auto wait = [&] {
    return held->send(redis_command{"BLPOP", "jobs", 0}, 60s);
  };
  for (auto i = 0; i < 20; ++i) {
    auto next = std::async(std::launch::async, wait);
    CHECK(jobs.waits_for(1));
    held->get().cancel();
    CHECK(next.get().value().is_nil());
  }
  CHECK(held->command<std::string>("ECHO", "still here").value()
        == "still here");
}

TEST_CASE("a demotion ends a wait as a lost connection") {
  private_redis server;
  job_pool jobs{1, server};
  auto next = std::async(std::launch::async,
                         [&] { return jobs.blocking("BLPOP", "jobs", 60); });
  CHECK(jobs.waits_for(1));
  server.query({"REPLICAOF", "127.0.0.1", "1"});
  auto ended = next.get();
  REQUIRE_FALSE(ended);
  CHECK(ended.error().state == "UNBLOCKED");
  server.query({"REPLICAOF", "NO", "ONE"});
  CHECK(eventually([&] {
    auto again = jobs.blocking("BLPOP", "jobs", "0.01");
    return again && again->is_nil();
  }));
}

// -- elsewhere ----------------------------------------------------------------

TEST_CASE("what blocks is refused elsewhere with what to use instead") {
  job_pool cache;
  auto blocks = redis_command{"BLPOP", "jobs", 0};
  auto alone = cache.send(blocks);
  auto piped = cache.pipeline({redis_command{"PING"}, blocks});
  auto among = cache.transaction({blocks});
  auto held = cache.acquire();
  REQUIRE(held);
  auto leased = held->send(blocks);
  for (auto& why :
       {alone.error(), piped.error(), among.error(), leased.error()}) {
    CHECK_THAT(why.message, ContainsSubstring("blocking(...)"));
    CHECK_THAT(why.message, ContainsSubstring("blocking = true"));
  }
  CHECK_THAT(cache.command("SUBSCRIBE", "x").error().message,
             ContainsSubstring("subscribe(...)"));
}

TEST_CASE("a pool for blocking commands takes them, and no session's") {
  job_pool other;
  auto spec = jobs_spec(other.server);
  spec.config.options["blocking"] = "true";
  spec.backend = make_redis(spec.config).value();
  pool jobs{spec};
  CHECK(jobs.command("BLPOP", "jobs", "0.01").value().is_nil());
  CHECK(jobs.command<std::int64_t>("RPUSH", "jobs", "one").value() == 1);
  CHECK(jobs.command<popped>("BLPOP", "jobs", 0).value()
        == popped{{"jobs", "one"}});
  for (auto& command : {redis_command{"SELECT", 1}, redis_command{"MULTI"},
                        redis_command{"AUTH", "x"}, redis_command{"WATCH", "k"},
                        redis_command{"SUBSCRIBE", "x"}})
    CHECK(jobs.send(command).error().code == errc::not_supported);
  auto piped
    = jobs.pipeline({redis_command{"BLPOP", "jobs", 1}, redis_command{"PING"}});
  REQUIRE_FALSE(piped);
  CHECK_THAT(piped.error().message, ContainsSubstring("by itself"));
}

TEST_CASE("a pool that was drained takes no blocking commands either") {
  job_pool jobs;
  CHECK(jobs.blocking("BLPOP", "jobs", "0.01"));
  jobs.drain(60s).value();
  auto late = jobs.blocking("BLPOP", "jobs", 1);
  REQUIRE_FALSE(late);
  CHECK(
    (late.error().code == errc::closed || late.error().code == errc::draining));
}

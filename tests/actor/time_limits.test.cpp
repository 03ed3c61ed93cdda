#include "caf_pool/acquire_all.hpp"
#include "caf_pool/backend/sqlite/sqlite.hpp"

#include "actor/bench.hpp"

#include <future>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

pool_config memory() {
  auto config = quiet_pool(1);
  config.options["path"] = ":memory:";
  return config;
}

/// A pool of one connection on SQLite, in memory.
struct limit_bench {
  actor_world world;
  any_pool db;
  client me{world.sys};

  explicit limit_bench(const pool_config& config = memory())
    : db(world.sys, config, make_sqlite(config).value()) {
    // nop
  }
};

acquire_options within(duration limit) {
  auto how = acquire_options{};
  how.limit = limit;
  return how;
}

acquire_options waiting(duration wait) {
  auto how = acquire_options{};
  how.wait = wait;
  return how;
}

constexpr duration for_ever = duration::max();

const std::vector<duration> no_time{0s, -1s, duration::min()};

constexpr const char* endless
  = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT count(*) FROM n";

result<void> read_one(lease& mine) {
  auto rows = mine.execute("SELECT 1");
  return rows ? result<void>{} : rows.error();
}

} // namespace

TEST_CASE("the longest duration is a limit like others", "[T10]") {
  limit_bench env;
  CHECK(env.db.warm_up(for_ever));
  CHECK(env.db.snapshot(for_ever));
  CHECK(env.db.acquire(for_ever));
  CHECK(env.db.acquire(waiting(for_ever)));
  auto how = waiting(for_ever);
  how.read_only = true;
  CHECK(env.db.acquire(how));
  how = waiting(for_ever);
  how.expected = for_ever;
  how.priority = 1;
  CHECK(env.db.acquire(how));
  CHECK(env.db.execute("SELECT 1", waiting(for_ever)));
  CHECK(env.db.execute("SELECT 1", within(for_ever)));
  CHECK(env.db.transaction(read_one, within(for_ever)));
  {
    auto mine = env.db.acquire().value();
    CHECK(mine.execute("SELECT 1", for_ever));
    CHECK(mine.transaction({"SELECT 1", "SELECT 2"}, for_ever));
    // One has to wait.
    std::promise<result<lease>> told;
    env.db.acquire_async([&](result<lease> x) { told.set_value(std::move(x)); },
                         waiting(for_ever));
    auto later = std::async(std::launch::async, [&] {
      return env.db.execute("SELECT 1", within(for_ever));
    });
    mine.release();
    CHECK(told.get_future().get());
    CHECK(later.get());
  }
  auto all = acquire_all_options{};
  all.each.wait = for_ever;
  auto* pool = &env.db;
  CHECK(acquire_all(all, std::span<any_pool* const>{&pool, 1}));
  auto order = execute{{"SELECT 1"}};
  order.how.deadline = add_saturated(clock::now(), for_ever);
  CHECK(env.me.get<outcome>(env.db.actors().address, order));
  auto wish = acquire{};
  wish.how.wait_until = add_saturated(clock::now(), for_ever);
  wish.how.expected = for_ever;
  auto grant = env.me.get<lease_grant>(env.db.actors().address, wish);
  REQUIRE(grant);
  env.me.tell(env.db.actors().address, release{grant->lease, {}});
  CHECK(at_rest(env.db));
  CHECK(env.db.drain(for_ever));
}

TEST_CASE("who has no time left is told so at once", "[T03][T06]") {
  for (auto limit : no_time) {
    limit_bench env;
    INFO(limit.count());
    auto mine = env.db.acquire().value();
    CHECK(code_of(env.db.acquire(limit)) == errc::acquire_timeout);
    CHECK(code_of(env.db.acquire(waiting(limit))) == errc::acquire_timeout);
    CHECK(code_of(env.db.execute("SELECT 1", within(limit)))
          == errc::acquire_timeout);
    CHECK(code_of(mine.execute("SELECT 1", limit)) == errc::execute_timeout);
    CHECK(code_of(mine.transaction({"SELECT 1", "SELECT 2"}, limit))
          == errc::execute_timeout);
    std::promise<result<lease>> told;
    env.db.acquire_async([&](result<lease> x) { told.set_value(std::move(x)); },
                         waiting(limit));
    CHECK(code_of(told.get_future().get()) == errc::acquire_timeout);
    mine.release();
    // Waiting is over by then, or was never needed.
    auto late = env.db.execute("SELECT 1", within(limit));
    CHECK_FALSE(late);
    CHECK_FALSE(env.db.transaction(read_one, within(limit)));
    auto order = execute{{"SELECT 1"}};
    order.how.deadline = add_saturated(clock::now(), limit);
    auto answer = env.me.get<outcome>(env.db.actors().address, order);
    CHECK_FALSE(answer.has_value());
    static_cast<void>(env.db.warm_up(limit));
    static_cast<void>(env.db.snapshot(limit));
    CHECK(eventually([&] { return env.db.execute("SELECT 1").has_value(); }));
    CHECK(env.db.drain(limit));
  }
}

TEST_CASE("one limit is for waiting and executing together", "[T10]") {
  auto config = memory();
  config.acquire_timeout = 1ms;
  config.execute_timeout = 1ms;
  limit_bench env{config};
  REQUIRE(env.db.warm_up(patience));
  // Both limits of the pool are shorter than this takes.
  auto held = std::optional{env.db.acquire(patience).value()};
  auto rows = std::async(std::launch::async, [&] {
    return env.db.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i "
      "+ 1 FROM n LIMIT 200000) SELECT count(*) FROM n",
      within(2 * patience));
  });
  CHECK(shows(env.db, [](auto& x) { return x.gauges.waiting == 1; }));
  held.reset();
  CHECK(rows.get());
  CHECK(code_of(env.db.execute(endless, waiting(patience)))
        == errc::execute_timeout);
  // A caller's limit counts if it is the shorter one, too.
  auto slow = limit_bench{};
  CHECK(code_of(slow.db.execute(endless, within(50ms)))
        == errc::execute_timeout);
}

TEST_CASE("a lease's limit may be longer than the pool's", "[T10]") {
  auto config = memory();
  config.execute_timeout = 1ms;
  limit_bench env{config};
  auto mine = env.db.acquire(patience).value();
  CHECK(code_of(mine.execute(endless)) == errc::execute_timeout);
  CHECK(
    mine.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                 "FROM n LIMIT 200000) SELECT count(*) FROM n",
                 patience));
}

TEST_CASE("the limit of a transaction is that of its statements", "[T10]") {
  auto config = memory();
  config.execute_timeout = 1ms;
  limit_bench env{config};
  auto slow = [](lease& mine) -> result<void> {
    auto rows = mine.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i "
      "+ 1 FROM n LIMIT 200000) SELECT count(*) FROM n");
    return rows ? result<void>{} : rows.error();
  };
  REQUIRE(env.db.warm_up(patience));
  auto done = env.db.transaction(slow, within(2 * patience));
  INFO((done ? std::string{} : to_string(done.error())));
  CHECK(done);
  // A limit of the call itself counts if it is shorter, and the pool's if the
  // transaction has none.
  done = env.db.transaction(
    [](lease& mine) -> result<void> {
      return mine.execute(endless, 1ms).error();
    },
    within(2 * patience));
  CHECK(code_of(done) == errc::execute_timeout);
  CHECK_FALSE(env.db.transaction(slow, waiting(2 * patience)));
}

TEST_CASE("BEGIN and COMMIT have the time that their transaction has",
          "[T10]") {
  auto config = quiet_pool(1);
  config.execute_timeout = 1ms;
  auto env = scripted_pool{config};
  auto before = clock::now();
  auto done = env.db.transaction(
    [](lease& mine) -> result<void> {
      static_cast<void>(mine.execute("UPDATE", 2 * patience));
      return {};
    },
    within(2 * patience));
  CHECK(done);
  auto texts = std::vector<std::string>{};
  for (auto& call : env.server->calls())
    if (call.kind == backend_call::execute) {
      texts.push_back(call.text);
      CHECK(call.deadline >= before + 2 * patience);
    }
  CHECK(texts == std::vector<std::string>{"BEGIN", "UPDATE", "COMMIT"});
}

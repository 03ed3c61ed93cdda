#include "actor/postgres_load.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

/// What became of calls by a timetable.
struct tally {
  int well = 0;
  /// Cut at their limit: each costs the server far more than a statement.
  int cut = 0;
};

/// Three times as many as four workers can do, for three seconds.
tally overload(client& me, const pool_handle& pool) {
  auto how = acquire_options{};
  how.limit = 400ms;
  std::vector<decltype(me.start(pool, execute{}))> calls;
  auto due = clock::now();
  for (int i = 0; i < 900; ++i, due += 3333us) {
    std::this_thread::sleep_until(due);
    calls.push_back(me.start(
      pool, execute{"SELECT pg_sleep(0.04)", how.starting(clock::now())}));
  }
  tally result;
  for (auto& call : calls) {
    auto answer = answer_of<outcome>(std::move(call));
    result.well += answer.has_value();
    result.cut += !answer && answer.error().code == errc::execute_timeout;
  }
  return result;
}

} // namespace

TEST_CASE(
  "three times as many statements as a pool can run: most of the "
  "capacity is good for something",
  "[postgres][slow][trap-T14][Z15]") {
  actor_world world;
  private_postgres server;
  auto config = resilient(server, 10);
  config.max_waiters = 0;
  any_pool db{world.sys, config, make_postgres(config).value()};
  REQUIRE(db.execute("SELECT 1").has_value());
  client me{world.sys};
  tally last;
  auto ok = eventually([&] {
    last = overload(me, db.actors().address);
    // 300 could be served; a machine that stands still serves fewer.
    return last.well >= 150 && last.cut <= 30;
  });
  CHECK(ok);
  CAPTURE(last.well, last.cut);
  CHECK(last.well >= 150);
  CHECK(look(db).counters.shed > 0);
  CHECK(at_rest(db));
  CHECK(db.execute("SELECT 1").has_value());
}

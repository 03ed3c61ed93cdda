// Deadlines, cancels, aborts and result limits.

#include "sqlite_support.hpp"
#include "support/eventually.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

pool_config limited(std::uint64_t bytes) {
  auto config = sqlite_config(":memory:");
  config.max_result_bytes = bytes;
  return config;
}

} // namespace

// -- results -----------------------------------------------------------------

TEST_CASE("a result above the limit is an error with the limit in it",
          "[sqlite]") {
  auto server = make_sqlite(limited(10'000)).value();
  auto conn = open(*server);
  CHECK(run(*conn, "SELECT zeroblob(9000)").size() == 1);
  for (auto sql : {"SELECT zeroblob(10001)", "SELECT 1, 2, hex(zeroblob(9999))",
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                   "FROM n) SELECT i FROM n"}) {
    INFO(sql);
    auto why = failure_of(*conn, sql);
    CHECK(why.code == errc::result_too_large);
    CHECK_THAT(why.message, ContainsSubstring("10000"));
    CHECK(conn->state() == trace::clean);
    CHECK(value_of<int>(*conn, "SELECT 1") == 1);
  }
}

TEST_CASE("a write with a result above the limit took effect, and says so",
          "[sqlite]") {
  auto server = make_sqlite(limited(10'000)).value();
  auto conn = open(*server);
  run(*conn, "CREATE TABLE t (x)");
  auto why = failure_of(*conn,
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                        "SELECT i + 1 FROM n LIMIT 1000) INSERT INTO t "
                        "SELECT i FROM n RETURNING x");
  CHECK(why.code == errc::result_too_large);
  CHECK_THAT(why.message, ContainsSubstring("took effect"));
  CHECK(value_of<int>(*conn, "SELECT count(*) FROM t") == 1000);
}

// -- deadlines ---------------------------------------------------------------

TEST_CASE("a deadline ends work of every kind", "[sqlite]") {
  auto server = make_sqlite_at(":memory:");
  auto conn = open(*server);
  run(*conn, "CREATE TABLE t (x)");
  for (auto sql :
       {std::string{endless_sql}, std::string{"INSERT INTO t "} + endless_sql,
        "SELECT count(*) FROM (" + std::string{endless_sql} + ")",
        std::string{"CREATE TABLE u AS "} + endless_sql}) {
    INFO(sql);
    auto began = clock::now();
    auto why = failure_of(*conn, sql, began + 20ms);
    CHECK(clock::now() - began >= 20ms);
    CHECK(why.code == errc::execute_timeout);
    CHECK(why.state == "SQLITE_INTERRUPT");
    CHECK_THAT(why.message, ContainsSubstring("at its deadline"));
    CHECK(conn->state() == trace::clean);
  }
  CHECK(value_of<int>(*conn, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("a deadline of one call is not that of the next", "[sqlite]") {
  auto server = make_sqlite_at(":memory:");
  auto conn = open(*server);
  for (int i = 0; i < 20; ++i) {
    CHECK(failure_of(*conn, endless_sql, clock::now() + 1ms).code
          == errc::execute_timeout);
    CHECK(conn->execute("SELECT 1", never));
  }
}

// -- interrupt races ---------------------------------------------------------

TEST_CASE("a cancel hits the statement it was meant for, or nothing",
          "[sqlite][trap-T19]") {
  // Each round cancels one statement at a random moment around its end. The
  // statement after it must always run.
  auto server = make_sqlite_at(":memory:");
  auto conn = open(*server);
  run(*conn, "CREATE TABLE t (x)");
  std::atomic<int> round = 0;
  std::atomic<int> cancelled_round = 0;
  constexpr int rounds = 200;
  std::thread canceller{[&] {
    for (int n = 1; n <= rounds; ++n) {
      round.wait(n - 1);
      for (int i = 0; i < n % 50; ++i)
        std::this_thread::yield();
      conn->cancel();
      cancelled_round = n;
      cancelled_round.notify_one();
    }
  }};
  int hits = 0;
  int strange = 0;
  constexpr int longest = 20'000'000;
  for (int n = 1; n <= rounds; ++n) {
    round = n;
    round.notify_one();
    // From a few microseconds to a few milliseconds; longer if the cancels
    // always come too late for that.
    auto rows_wanted
      = n > rounds / 2 && hits == 0
          ? std::min(longest, n * 250 << std::min(n - rounds / 2, 10))
          : n * 250;
    sql_statement count{
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
      "1 FROM n LIMIT ?) SELECT count(*) FROM n",
      {rows_wanted}};
    auto rows = conn->execute(count, soon());
    if (!rows) {
      ++hits;
      strange += rows.error().code != errc::cancelled;
    }
    cancelled_round.wait(n - 1);
    strange += !conn->execute("INSERT INTO t VALUES (1)", soon());
  }
  canceller.join();
  CHECK(strange == 0);
  CHECK(value_of<int>(*conn, "SELECT count(*) FROM t") == rounds);
  // Else the race was none.
  CHECK(hits > 0);
}

TEST_CASE("a cancel does not hit a reset or a probe", "[sqlite][trap-T19]") {
  temp_folder folder;
  auto server = make_sqlite_at(folder.file("a.db"));
  auto conn = open(*server);
  run(*conn, "CREATE TABLE t (x)");
  std::atomic<bool> stop = false;
  std::thread canceller{[&] {
    while (!stop)
      conn->cancel();
  }};
  int strange = 0;
  for (int i = 0; i < 200; ++i) {
    strange += !conn->probe(soon());
    // A cancelled BEGIN would leave the INSERT to commit by itself.
    if (conn->execute("BEGIN", soon()))
      static_cast<void>(conn->execute("INSERT INTO t VALUES (1)", soon()));
    conn->native_handle();
    strange += !conn->reset(reset_policy::automatic, soon());
    strange += conn->state() != trace::clean;
  }
  stop = true;
  canceller.join();
  CHECK(strange == 0);
  CHECK(value_of<int>(*conn, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("an abort at any moment leaves nothing behind but the error",
          "[sqlite][trap-T18]") {
  temp_folder folder;
  auto config = sqlite_config(folder.file("a.db"));
  config.options["synchronous"] = "off";
  auto server = make_sqlite(config).value();
  run(*open(*server), "CREATE TABLE t (x)");
  for (int n = 0; n < 200; ++n) {
    auto conn = open(*server);
    std::atomic<bool> begun = false;
    std::thread killer{[&] {
      while (!begun)
        std::this_thread::yield();
      for (int i = 0; i < n; ++i)
        std::this_thread::yield();
      conn->abort();
    }};
    begun = true;
    // Both rows or none.
    bool fine = conn->execute("BEGIN", soon())
                && conn->execute("INSERT INTO t VALUES (1)", soon())
                && conn->execute("INSERT INTO t VALUES (2)", soon());
    if (fine)
      static_cast<void>(conn->execute("COMMIT", soon()));
    killer.join();
    CHECK(conn->state() == trace::broken);
  }
  auto conn = open(*server);
  CHECK(value_of<int>(*conn, "SELECT count(*) % 2 FROM t") == 0);
  run(*conn, "INSERT INTO t VALUES (3)");
}

// One writer and many readers.

#include "sqlite_bench.hpp"
#include "support/eventually.hpp"

#include <sqlite3.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// Adds one to the only cell, in a transaction that reads first.
void increment(connection& conn, tally& sum) {
  for (auto sql :
       {"BEGIN", "SELECT x FROM t", "UPDATE t SET x = x + 1", "COMMIT"}) {
    auto rows = conn.execute(sql, soon());
    if (!rows) {
      sum.note(rows.error());
      static_cast<void>(conn.reset(reset_policy::automatic, soon()));
      return;
    }
  }
}

} // namespace

TEST_CASE("writers that read first never fail and never lose a write",
          "[sqlite][trap-T23]") {
  constexpr int writers = 6;
  constexpr int rounds = 100;
  for (bool wal : {true, false}) {
    INFO("write-ahead log: " << wal);
    sqlite_bench env{wal};
    run(*env.connect(), "INSERT INTO t VALUES (0)");
    tally sum;
    std::vector<std::thread> threads;
    for (int i = 0; i < writers; ++i) {
      threads.emplace_back([&] {
        auto conn = env.server->open(soon());
        if (!conn)
          return sum.note(conn.error());
        for (int n = 0; n < rounds; ++n)
          increment(**conn, sum);
      });
    }
    for (auto& x : threads)
      x.join();
    INFO(sum.first_error);
    CHECK(sum.errors == 0);
    CHECK(value_of<int>(*env.connect(), "SELECT x FROM t") == writers * rounds);
  }
}

TEST_CASE("readers go on while a writer is at work, and see whole commits",
          "[sqlite][trap-T23]") {
  sqlite_bench env;
  run(*env.connect(), "INSERT INTO t VALUES (0), (0)");
  std::atomic<bool> stop = false;
  tally sum;
  std::atomic<int> reads = 0;
  std::atomic<int> torn = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      auto conn = env.server->open(soon());
      if (!conn)
        return sum.note(conn.error());
      while (!stop) {
        auto rows = (*conn)->execute("SELECT min(x), max(x) FROM t", soon());
        if (!rows)
          return sum.note(rows.error());
        if ((*rows)[0][0].as<int>() != (*rows)[0][1].as<int>())
          ++torn;
        ++reads;
      }
    });
  }
  auto writer = env.connect();
  int rounds = 0;
  // Long enough for the readers to have been there.
  while (rounds < 100 || reads < 100) {
    run(*writer, "BEGIN");
    run(*writer, "UPDATE t SET x = x + 1 WHERE rowid = 1");
    auto before = reads.load();
    // They do not wait for the open transaction.
    CHECK(eventually([&] { return reads > before || sum.errors > 0; }));
    run(*writer, "UPDATE t SET x = x + 1 WHERE rowid = 2");
    run(*writer, "COMMIT");
    ++rounds;
  }
  stop = true;
  for (auto& x : readers)
    x.join();
  INFO(sum.first_error);
  CHECK(sum.errors == 0);
  CHECK(torn == 0);
}

TEST_CASE("a second writer waits for the first to end its transaction",
          "[sqlite][trap-T23]") {
  sqlite_bench env;
  auto first = env.connect();
  auto second = env.connect();
  for (auto end : {"COMMIT", "ROLLBACK"}) {
    run(*first, "BEGIN");
    auto call = later(*second, "INSERT INTO t VALUES (2)");
    CHECK(call.wait_for(30ms) == std::future_status::timeout);
    run(*first, "INSERT INTO t VALUES (1)");
    run(*first, end);
    CHECK(call.get());
  }
  CHECK(value_of<int>(*first, "SELECT count(*) FROM t") == 3);
}

TEST_CASE("a writer that waits in vain is told for whom",
          "[sqlite][trap-T70]") {
  sqlite_bench env;
  auto first = env.connect();
  auto second = env.connect();
  run(*first, "BEGIN");
  auto began = clock::now();
  auto why = failure_of(*second, "INSERT INTO t VALUES (2)", began + 50ms);
  CHECK(clock::now() - began >= 50ms);
  CHECK(why.code == errc::execute_timeout);
  CHECK(why.state == "SQLITE_BUSY");
  CHECK_THAT(why.message, ContainsSubstring("another connection of this pool"));
  CHECK(second->state() == trace::clean);
  // The one that holds the place is not harmed, nor are readers.
  CHECK(run(*second, "SELECT * FROM t").empty());
  run(*first, "INSERT INTO t VALUES (1)");
  run(*first, "COMMIT");
  run(*second, "INSERT INTO t VALUES (2)");
}

TEST_CASE("a writer in line can be cancelled and aborted", "[sqlite]") {
  sqlite_bench env;
  auto first = env.connect();
  auto second = env.connect();
  run(*first, "BEGIN");
  auto call = later(*second, "BEGIN");
  while (call.wait_for(1ms) != std::future_status::ready)
    second->cancel();
  CHECK(call.get().error().code == errc::cancelled);
  CHECK(second->state() == trace::clean);
  call = later(*second, "BEGIN");
  second->abort();
  CHECK(call.get().error().code == errc::connection_lost);
  // Nobody in line any more: the place is free after the first one.
  run(*first, "COMMIT");
  auto third = env.connect();
  run(*third, "INSERT INTO t VALUES (3)");
}

TEST_CASE("every way out of a transaction frees the writer's place",
          "[sqlite][trap-T16][trap-T18]") {
  sqlite_bench env;
  auto begin = [&] {
    auto conn = env.connect();
    run(*conn, "BEGIN");
    run(*conn, "INSERT INTO t VALUES (1)");
    return conn;
  };
  auto next_may_write = [&] {
    auto conn = env.connect();
    run(*conn, "DELETE FROM t");
  };
  SECTION("a reset") {
    auto conn = begin();
    CHECK(conn->reset(reset_policy::transaction, soon()));
    next_may_write();
  }
  SECTION("a close") {
    auto conn = begin();
    conn->close(soon());
    next_may_write();
  }
  SECTION("the destructor") {
    begin();
    next_may_write();
  }
  SECTION("the destructor after an abort") {
    auto conn = begin();
    conn->abort();
    conn = nullptr;
    next_may_write();
  }
  SECTION("an error that rolls back") {
    run(*env.connect(), "CREATE UNIQUE INDEX u ON t (x)");
    auto conn = begin();
    failure_of(*conn, "INSERT OR ROLLBACK INTO t VALUES (1)");
    next_may_write();
  }
  SECTION("a cancelled write") {
    auto conn = begin();
    auto why = failure_of(*conn, std::string{"INSERT INTO t "} + endless_sql,
                          clock::now() + 20ms);
    CHECK(why.code == errc::execute_timeout);
    CHECK_THAT(why.message, ContainsSubstring("rolled back"));
    next_may_write();
  }
}

// -- transactions that begin as readers --------------------------------------

TEST_CASE("BEGIN takes the writer's place at once, BEGIN DEFERRED does not",
          "[sqlite][trap-T23]") {
  sqlite_bench env;
  auto first = env.connect();
  auto second = env.connect();
  run(*first, "BEGIN DEFERRED");
  run(*first, "SELECT * FROM t");
  run(*second, "BEGIN TRANSACTION");
  run(*second, "INSERT INTO t VALUES (1)");
  run(*second, "COMMIT");
  // One state for all reads of the transaction.
  CHECK(run(*first, "SELECT * FROM t").empty());
  run(*first, "COMMIT");
  CHECK(run(*first, "SELECT * FROM t").size() == 1);
}

TEST_CASE("a reader that turns writer too late is told what to do instead",
          "[sqlite][trap-T23]") {
  sqlite_bench env;
  auto first = env.connect();
  auto second = env.connect();
  run(*first, "BEGIN DEFERRED");
  run(*first, "SELECT * FROM t");
  SECTION("while another one writes") {
    run(*second, "BEGIN");
    auto why = failure_of(*first, "INSERT INTO t VALUES (1)");
    // At once, not at its deadline, because waiting cannot help.
    CHECK(why.code == errc::execute_failed);
    CHECK(why.state == "SQLITE_BUSY");
    CHECK_THAT(why.message, ContainsSubstring("BEGIN IMMEDIATE"));
    run(*second, "COMMIT");
  }
  SECTION("after another one wrote") {
    run(*second, "INSERT INTO t VALUES (2)");
    auto why = failure_of(*first, "INSERT INTO t VALUES (1)");
    CHECK(why.code == errc::execute_failed);
    CHECK(why.state == "SQLITE_BUSY_SNAPSHOT");
    CHECK_THAT(why.message, ContainsSubstring("BEGIN IMMEDIATE"));
  }
  SECTION("never, if nobody else wrote") {
    run(*first, "INSERT INTO t VALUES (1)");
    auto call = later(*second, "INSERT INTO t VALUES (2)");
    CHECK(call.wait_for(10ms) == std::future_status::timeout);
    run(*first, "COMMIT");
    CHECK(call.get());
    return;
  }
  run(*first, "ROLLBACK");
  run(*first, "INSERT INTO t VALUES (1)");
}

TEST_CASE("temporary tables need no turn to write", "[sqlite]") {
  sqlite_bench env;
  auto first = env.connect();
  auto second = env.connect();
  run(*first, "BEGIN");
  run(*second, "CREATE TEMP TABLE mine (x)");
  run(*second, "INSERT INTO mine VALUES (1)");
  run(*first, "COMMIT");
}

// -- what SQLite rolls back by itself ----------------------------------------

TEST_CASE("after SQLite rolled back, the rest of a transaction is refused",
          "[sqlite]") {
  sqlite_bench env;
  auto conn = env.connect();
  run(*conn, "CREATE UNIQUE INDEX u ON t (x)");
  auto fail_midway = [&] {
    run(*conn, "BEGIN");
    run(*conn, "INSERT INTO t VALUES (1)");
    auto why = failure_of(*conn, "INSERT OR ROLLBACK INTO t VALUES (1)");
    CHECK_THAT(why.message, ContainsSubstring("rolled back"));
    CHECK(conn->state() == trace::dirty);
    why = failure_of(*conn, "INSERT INTO t VALUES (2)");
    CHECK(why.code == errc::execute_failed);
    CHECK(why.state == "SQLITE_ABORT_ROLLBACK");
  };
  fail_midway();
  run(*conn, "ROLLBACK");
  CHECK(conn->state() == trace::clean);
  fail_midway();
  CHECK_THAT(failure_of(*conn, "COMMIT").message,
             ContainsSubstring("nothing was committed"));
  CHECK(conn->state() == trace::clean);
  fail_midway();
  run(*conn, "BEGIN");
  run(*conn, "INSERT INTO t VALUES (3)");
  run(*conn, "COMMIT");
  fail_midway();
  CHECK(conn->reset(reset_policy::transaction, soon()));
  CHECK(conn->state() == trace::clean);
  CHECK(value_of<int>(*conn, "SELECT max(x) FROM t") == 3);
}

// -- others with the same file -----------------------------------------------

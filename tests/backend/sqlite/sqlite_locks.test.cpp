// Locks of others with the same file.

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

TEST_CASE("the lock of another process is waited for until the deadline",
          "[sqlite]") {
  sqlite_bench env;
  stranger other{env};
  auto conn = env.connect();
  other.exec("BEGIN IMMEDIATE");
  auto began = clock::now();
  auto why = failure_of(*conn, "INSERT INTO t VALUES (1)", began + 60ms);
  CHECK(clock::now() - began >= 60ms);
  CHECK(why.code == errc::execute_timeout);
  CHECK_THAT(why.message, ContainsSubstring("another process"));
  CHECK(conn->state() == trace::clean);
  auto call = later(*conn, "INSERT INTO t VALUES (1)");
  CHECK(call.wait_for(20ms) == std::future_status::timeout);
  other.exec("COMMIT");
  CHECK(call.get());
  // And it can be cancelled.
  other.exec("BEGIN IMMEDIATE");
  call = later(*conn, "INSERT INTO t VALUES (1)");
  while (call.wait_for(1ms) != std::future_status::ready)
    conn->cancel();
  CHECK(call.get().error().code == errc::cancelled);
}

TEST_CASE("an open waits for the lock of another process, then says so",
          "[sqlite]") {
  sqlite_bench env{false};
  stranger other{env};
  other.exec("BEGIN EXCLUSIVE");
  auto began = clock::now();
  auto conn = env.server->open(began + 50ms);
  REQUIRE_FALSE(conn);
  CHECK(clock::now() - began >= 50ms);
  INFO(to_string(conn.error()));
  CHECK(conn.error().code == errc::open_timeout);
  CHECK(conn.error().state == "SQLITE_BUSY");
}

TEST_CASE("a connection that is locked out is alive", "[sqlite]") {
  sqlite_bench env{false};
  stranger other{env};
  auto conn = env.connect();
  other.exec("BEGIN EXCLUSIVE");
  auto began = clock::now();
  CHECK(conn->probe(began + 10min));
  CHECK(clock::now() - began < patience);
}

TEST_CASE("many connections at once can make a new file", "[sqlite]") {
  for (int round = 0; round < 5; ++round) {
    temp_folder folder;
    auto server = make_sqlite_at(folder.file("a.db"));
    tally sum;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        auto conn = server->open(soon());
        if (!conn)
          sum.note(conn.error());
      });
    }
    for (auto& x : threads)
      x.join();
    INFO(sum.first_error);
    CHECK(sum.errors == 0);
  }
}

// -- the bare handle ---------------------------------------------------------

TEST_CASE("the bare handle waits for locks and can be cancelled",
          "[sqlite][trap-T18]") {
  sqlite_bench env;
  auto first = env.connect();
  auto second = env.connect();
  auto* db = static_cast<sqlite3*>(first->native_handle());
  auto exec = [&](const char* sql) {
    return sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
  };
  SECTION("it waits") {
    run(*second, "BEGIN");
    auto call = std::async(std::launch::async,
                           [&] { return exec("INSERT INTO t VALUES (1)"); });
    CHECK(call.wait_for(20ms) == std::future_status::timeout);
    run(*second, "COMMIT");
    CHECK(call.get() == SQLITE_OK);
  }
  SECTION("others wait for it") {
    REQUIRE(exec("BEGIN IMMEDIATE") == SQLITE_OK);
    auto call = later(*second, "INSERT INTO t VALUES (2)");
    CHECK(call.wait_for(20ms) == std::future_status::timeout);
    // Its own statements by execute do not wait for those who wait for it.
    run(*first, "INSERT INTO t VALUES (1)");
    REQUIRE(exec("COMMIT") == SQLITE_OK);
    CHECK(call.get());
  }
  SECTION("a cancel ends what it does") {
    auto call
      = std::async(std::launch::async, [&] { return exec(endless_sql); });
    while (call.wait_for(1ms) != std::future_status::ready)
      first->cancel();
    CHECK((call.get() & 0xff) == SQLITE_INTERRUPT);
    CHECK(exec("SELECT 1") == SQLITE_OK);
  }
  SECTION("an abort ends all that it will ever do") {
    auto call
      = std::async(std::launch::async, [&] { return exec(endless_sql); });
    while (call.wait_for(1ms) != std::future_status::ready)
      first->abort();
    CHECK((call.get() & 0xff) == SQLITE_INTERRUPT);
    CHECK((exec(endless_sql) & 0xff) == SQLITE_INTERRUPT);
    CHECK(first->native_handle() == nullptr);
  }
}

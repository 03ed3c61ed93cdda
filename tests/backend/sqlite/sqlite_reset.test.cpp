// What the next holder of a connection sees of the last one: nothing.

#include "sqlite_support.hpp"

#include <sqlite3.h>

#include <array>
#include <fstream>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

void reset(connection& conn, reset_policy policy = reset_policy::automatic) {
  auto done = conn.reset(policy, soon());
  INFO((done ? std::string{} : to_string(done.error())));
  REQUIRE(done);
  CHECK(conn.state() == trace::clean);
}

/// Once in a file, once in memory.
struct places {
  places() {
    run(*open(*file), "CREATE TABLE t (x)");
    run(*open(*memory), "CREATE TABLE t (x)");
  }

  temp_folder folder;
  backend_ptr file = make_sqlite_at(folder.file("a.db"));
  backend_ptr memory = make_sqlite_at(":memory:");
  std::array<backend_ptr, 2> both{file, memory};
};

} // namespace

TEST_CASE("no setting of a holder is left for the next one",
          "[sqlite][trap-T17][V11]") {
  places all;
  for (auto& server : all.both) {
    auto conn = open(*server);
    for (auto name :
         {"foreign_keys", "recursive_triggers", "cache_size", "query_only",
          "synchronous", "temp_store", "reverse_unordered_selects",
          "ignore_check_constraints", "locking_mode", "threads",
          "automatic_index", "secure_delete", "wal_autocheckpoint"}) {
      auto ask = std::string{"PRAGMA "} + name;
      INFO(ask << " of " << server->describe());
      auto before = value_of<std::string>(*conn, ask);
      CHECK(conn->state() == trace::clean);
      auto other = before == "1" ? "0" : "1";
      if (ask == "PRAGMA locking_mode")
        other = "exclusive";
      run(*conn, ask + "=" + other);
      CHECK(value_of<std::string>(*conn, ask) != before);
      CHECK(conn->state() == trace::dirty);
      reset(*conn);
      CHECK(value_of<std::string>(*conn, ask) == before);
    }
  }
}

TEST_CASE("no temporary thing of a holder is left for the next one",
          "[sqlite][trap-T17][V11]") {
  places all;
  for (auto& server : all.both) {
    auto conn = open(*server);
    for (auto sql : {"CREATE TEMP TABLE x (y)", "CREATE TABLE temp.x (y)",
                     "CREATE TEMP VIEW x AS SELECT 1",
                     "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; "
                     "END",
                     "CREATE VIRTUAL TABLE temp.x USING fts5(y)"}) {
      INFO(sql << " at " << server->describe());
      for (int i = 0; i < 2; ++i) {
        run(*conn, sql);
        CHECK(conn->state() == trace::dirty);
        reset(*conn);
        CHECK(run(*conn, "SELECT * FROM sqlite_temp_master").empty());
      }
    }
  }
}

TEST_CASE("no open transaction, savepoint or row is left for the next one",
          "[sqlite][trap-T16][V01]") {
  places all;
  for (auto& server : all.both) {
    auto conn = open(*server);
    for (auto sql :
         {"BEGIN", "BEGIN DEFERRED", "BEGIN EXCLUSIVE", "SAVEPOINT a"}) {
      INFO(sql << " at " << server->describe());
      run(*conn, sql);
      run(*conn, "INSERT INTO t VALUES (1)");
      CHECK(conn->state() == trace::dirty);
      reset(*conn, reset_policy::transaction);
      CHECK(value_of<int>(*conn, "SELECT count(*) FROM t") == 0);
      run(*conn, "INSERT INTO t VALUES (2)");
      run(*conn, "DELETE FROM t");
    }
  }
}

TEST_CASE("the row id of the last insert is gone after a full reset",
          "[sqlite][trap-T17]") {
  places all;
  auto conn = open(*all.file);
  run(*conn, "INSERT INTO t VALUES (1)");
  CHECK(value_of<int>(*conn, "SELECT last_insert_rowid()") > 0);
  reset(*conn, reset_policy::full);
  CHECK(value_of<int>(*conn, "SELECT last_insert_rowid()") == 0);
}

TEST_CASE("attached files are gone after a reset", "[sqlite][trap-T17]") {
  temp_folder folder;
  auto config = sqlite_config(folder.file("a.db"));
  config.options["attach"] = "true";
  auto server = make_sqlite(config).value();
  auto conn = open(*server);
  run(*conn, {"ATTACH ? AS other", {folder.file("b.db")}});
  run(*conn, "CREATE TABLE other.t (x)");
  CHECK(conn->state() == trace::dirty);
  reset(*conn);
  CHECK(run(*conn, "PRAGMA database_list").size() == 1);
  CHECK(failure_of(*conn, "SELECT * FROM other.t").code
        == errc::execute_failed);
}

TEST_CASE("a reset for transactions only leaves settings, a later one not",
          "[sqlite]") {
  places all;
  auto conn = open(*all.file);
  run(*conn, "PRAGMA cache_size=77");
  reset(*conn, reset_policy::transaction);
  CHECK(value_of<int>(*conn, "PRAGMA cache_size") == 77);
  reset(*conn, reset_policy::none);
  CHECK(value_of<int>(*conn, "PRAGMA cache_size") == 77);
  reset(*conn, reset_policy::full);
  CHECK(value_of<int>(*conn, "PRAGMA cache_size") != 77);
}

TEST_CASE("a setting counts even if its statement was refused",
          "[sqlite][trap-T17]") {
  // SQLite changes settings while it compiles.
  places all;
  auto conn = open(*all.file);
  CHECK(failure_of(*conn, "PRAGMA foreign_keys=0; SELECT 1").code
        == errc::invalid_argument);
  CHECK(conn->state() == trace::dirty);
  reset(*conn);
  CHECK(value_of<int>(*conn, "PRAGMA foreign_keys") == 1);
}

TEST_CASE("asking for settings leaves a connection clean", "[sqlite]") {
  places all;
  auto conn = open(*all.file);
  for (auto sql : {"PRAGMA foreign_keys", "PRAGMA table_info(t)",
                   "PRAGMA integrity_check(1)", "PRAGMA user_version=7",
                   "SELECT * FROM pragma_table_info('t')",
                   "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "ANALYZE"}) {
    INFO(sql);
    run(*conn, sql);
    CHECK(conn->state() == trace::clean);
  }
}

// -- the driver's handle -----------------------------------------------------

TEST_CASE("hooks and functions of the bare handle end with the lease",
          "[sqlite][trap-T17]") {
  places all;
  for (auto& server : all.both) {
    INFO(server->describe());
    auto conn = open(*server);
    auto* db = static_cast<sqlite3*>(conn->native_handle());
    auto seven = [](sqlite3_context* context, int, sqlite3_value**) {
      sqlite3_result_int(context, 7);
    };
    REQUIRE(sqlite3_create_function(db, "seven", 0, SQLITE_UTF8, nullptr, seven,
                                    nullptr, nullptr)
            == SQLITE_OK);
    int commits = 0;
    auto count = [](void* n) {
      ++*static_cast<int*>(n);
      return 0;
    };
    sqlite3_commit_hook(db, count, &commits);
    CHECK(value_of<int>(*conn, "SELECT seven()") == 7);
    run(*conn, "INSERT INTO t VALUES (1)");
    CHECK(commits == 1);
    reset(*conn);
    CHECK(failure_of(*conn, "SELECT seven()").code == errc::execute_failed);
    run(*conn, "INSERT INTO t VALUES (1)");
    CHECK(commits == 1);
  }
}

TEST_CASE("a statement of the bare handle may be finalized after the lease",
          "[sqlite]") {
  places all;
  for (auto& server : all.both) {
    INFO(server->describe());
    auto conn = open(*server);
    run(*conn, "INSERT INTO t VALUES (1), (2), (3)");
    auto* db = static_cast<sqlite3*>(conn->native_handle());
    auto prepare = [&] {
      sqlite3_stmt* stmt = nullptr;
      REQUIRE(sqlite3_prepare_v2(db, "SELECT x FROM t", -1, &stmt, nullptr)
              == SQLITE_OK);
      REQUIRE(sqlite3_step(stmt) == SQLITE_ROW);
      return stmt;
    };
    auto* before_reset = prepare();
    // In the middle of reading, too, the writers get their turn.
    reset(*conn);
    db = static_cast<sqlite3*>(conn->native_handle());
    auto* before_close = prepare();
    conn = nullptr;
    conn = open(*server);
    run(*conn, "DELETE FROM t");
    CHECK(sqlite3_finalize(before_reset) == SQLITE_OK);
    CHECK(sqlite3_finalize(before_close) == SQLITE_OK);
  }
}

TEST_CASE("a holder that takes the place of our hooks does not keep it",
          "[sqlite]") {
  places all;
  auto conn = open(*all.file);
  auto* db = static_cast<sqlite3*>(conn->native_handle());
  sqlite3_progress_handler(db, 0, nullptr, nullptr);
  sqlite3_busy_handler(db, nullptr, nullptr);
  sqlite3_set_authorizer(db, nullptr, nullptr);
  CHECK(failure_of(*conn, endless_sql, clock::now() + 20ms).code
        == errc::execute_timeout);
  run(*conn, "PRAGMA busy_timeout=1");
  auto other = open(*all.file);
  auto* rival = static_cast<sqlite3*>(other->native_handle());
  REQUIRE(sqlite3_exec(rival, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr)
          == SQLITE_OK);
  auto began = clock::now();
  failure_of(*conn, "INSERT INTO t VALUES (1)", began + 30ms);
  CHECK(clock::now() - began >= 30ms);
}

// -- reads only --------------------------------------------------------------

TEST_CASE("a lease for reads cannot lift its restriction", "[sqlite]") {
  places all;
  for (auto& server : all.both) {
    INFO(server->describe());
    auto conn = open(*server);
    // Compiled before, it must not be found in the cache.
    run(*conn, "PRAGMA query_only=0");
    reset(*conn);
    REQUIRE(conn->restrict_to_reads(soon()));
    CHECK(conn->state() == trace::dirty);
    CHECK(failure_of(*conn, "PRAGMA query_only=0").state == "SQLITE_AUTH");
    CHECK(failure_of(*conn, "PRAGMA journal_mode=delete").state
          == "SQLITE_AUTH");
    for (auto sql :
         {"INSERT INTO t VALUES (1)", "CREATE TABLE u (x)", "DROP TABLE t",
          "PRAGMA user_version=9", "VACUUM", "CREATE TEMP TABLE v (x)"}) {
      INFO(sql);
      CHECK(failure_of(*conn, sql).code == errc::execute_failed);
    }
    // A transaction of reads is as good as ever.
    run(*conn, "BEGIN");
    CHECK(run(*conn, "SELECT * FROM t").empty());
    run(*conn, "COMMIT");
    reset(*conn, reset_policy::transaction);
    run(*conn, "INSERT INTO t VALUES (1)");
    run(*conn, "DELETE FROM t");
  }
}

// -- what statements may not do ----------------------------------------------

TEST_CASE("statements cannot open other files unless they may", "[sqlite]") {
  temp_folder folder;
  auto config = sqlite_config(folder.file("a.db"));
  auto secret = folder.file("other.db");
  auto conn = open(*make_sqlite(config).value());
  for (auto sql : {"ATTACH '" + secret + "' AS other",
                   "ATTACH '" + secret + "' || '' AS other",
                   "VACUUM INTO '" + secret + "'",
                   "ATTACH 'file:" + secret + "?mode=rwc' AS other"}) {
    INFO(sql);
    auto why = failure_of(*conn, sql);
    CHECK(why.state == "SQLITE_AUTH");
    CHECK_THAT(why.message, ContainsSubstring("the option attach"));
    CHECK_FALSE(std::filesystem::exists(secret));
  }
  CHECK(failure_of(*conn, {"ATTACH ? AS other", {secret}}).state
        == "SQLITE_AUTH");
  run(*conn, "VACUUM");
  run(*conn, "ATTACH ':memory:' AS other");
  config.options["attach"] = "true";
  conn = open(*make_sqlite(config).value());
  run(*conn, "VACUUM INTO '" + secret + "'");
  CHECK(std::filesystem::exists(secret));
}

TEST_CASE("statements cannot change the process or damage the file",
          "[sqlite]") {
  places all;
  auto conn = open(*all.file);
  for (auto sql :
       {"PRAGMA hard_heap_limit=100000", "PRAGMA soft_heap_limit=100000",
        "PRAGMA temp_store_directory='/nowhere'"}) {
    INFO(sql);
    auto why = failure_of(*conn, sql);
    CHECK(why.state == "SQLITE_AUTH");
    CHECK_THAT(why.message, ContainsSubstring("whole process"));
  }
  run(*conn, "PRAGMA writable_schema=1");
  CHECK_FALSE(conn->execute("DELETE FROM sqlite_master", soon()));
  CHECK_FALSE(conn->execute("SELECT load_extension('x')", soon()));
  CHECK(run(*conn, "SELECT * FROM t").empty());
}

// -- the cost ----------------------------------------------------------------

TEST_CASE("a reset keeps the file and its log open", "[sqlite]") {
  // Otherwise the last handle would move the log into the file each time.
  temp_folder folder;
  auto server = make_sqlite_at(folder.file("a.db"));
  auto conn = open(*server);
  run(*conn, "CREATE TABLE t (x)");
  auto log = std::filesystem::file_size(folder.file("a.db-wal"));
  CHECK(log > 0);
  conn->native_handle();
  reset(*conn);
  CHECK(std::filesystem::file_size(folder.file("a.db-wal")) == log);
  conn->close(soon());
  CHECK_FALSE(std::filesystem::exists(folder.file("a.db-wal")));
}

TEST_CASE("a close without time leaves the log for the next one",
          "[sqlite][trap-T33]") {
  temp_folder folder;
  auto server = make_sqlite_at(folder.file("a.db"));
  auto conn = open(*server);
  run(*conn, "CREATE TABLE t (x)");
  conn->close(clock::now() - 1s);
  CHECK(std::filesystem::exists(folder.file("a.db-wal")));
  conn = open(*server);
  CHECK(run(*conn, "SELECT * FROM t").empty());
}

#pragma once

#include "sqlite_support.hpp"
#include "support/catch_compat.hpp"

#include <sqlite3.h>

#include <atomic>
#include <future>
#include <mutex>
#include <string>

namespace caf_pool::test {

/// A file with a table, and as many connections as are asked for.
struct sqlite_bench {
  explicit sqlite_bench(bool wal = true) {
    auto config = sqlite_config(folder.file("a.db"));
    config.options["wal"] = wal ? "true" : "false";
    config.options["synchronous"] = "off";
    server = make_sqlite(config).value();
    run(*open(*server), "CREATE TABLE t (x)");
  }

  connection_ptr connect() {
    return open(*server);
  }

  temp_folder folder;
  backend_ptr server;
};

/// Somebody else with the same file, without our gate: another process.
struct stranger {
  explicit stranger(const sqlite_bench& env) {
    REQUIRE(sqlite3_open(env.folder.file("a.db").c_str(), &db) == SQLITE_OK);
  }

  ~stranger() {
    sqlite3_close(db);
  }

  void exec(const char* sql) {
    INFO(sql << ": " << sqlite3_errmsg(db));
    REQUIRE(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

  sqlite3* db = nullptr;
};

inline std::future<result<sql_result>> later(connection& conn,
                                             sql_statement stmt,
                                             duration limit
                                             = std::chrono::seconds{60}) {
  return std::async(std::launch::async, [&conn, stmt, limit] {
    return conn.execute(stmt, clock::now() + limit);
  });
}

/// What several threads count together.
struct tally {
  std::atomic<int> errors = 0;
  std::mutex mutex;
  std::string first_error;

  void note(const error& what) {
    std::lock_guard guard{mutex};
    if (errors++ == 0)
      first_error = to_string(what);
  }
};

} // namespace caf_pool::test

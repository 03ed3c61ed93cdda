#pragma once

#include "caf_pool/backend/sqlite/sqlite.hpp"

#include "support/catch_compat.hpp"
#include "support/conformance.hpp"
#include "support/eventually.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace caf_pool::test {

/// A folder that is gone at the end of the test.
class temp_folder {
public:
  temp_folder() {
    // In memory if possible: a flush of a disk that others use takes long.
    std::filesystem::path top = "/dev/shm";
    if (::access(top.c_str(), W_OK) != 0)
      top = std::filesystem::temp_directory_path();
    auto name = (top / "caf_pool_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }

  ~temp_folder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }

  temp_folder(const temp_folder&) = delete;
  temp_folder& operator=(const temp_folder&) = delete;

  std::string file(const std::string& name) const {
    return (path_ / name).string();
  }

private:
  std::filesystem::path path_;
};

inline time_point soon() {
  return clock::now() + std::chrono::seconds{60};
}

inline pool_config sqlite_config(const std::string& path) {
  pool_config config;
  config.backend = "sqlite";
  config.options["path"] = path;
  return config;
}

inline backend_ptr make_sqlite_at(const std::string& path) {
  auto server = make_sqlite(sqlite_config(path));
  REQUIRE(server);
  return *server;
}

inline connection_ptr open(backend& server) {
  auto conn = server.open(soon());
  INFO((conn ? std::string{} : to_string(conn.error())));
  REQUIRE(conn);
  return *std::move(conn);
}

inline sql_result run(connection& conn, const sql_statement& stmt) {
  auto rows = conn.execute(stmt, soon());
  INFO(stmt.text << (rows ? std::string{} : " -> " + to_string(rows.error())));
  REQUIRE(rows);
  return *std::move(rows);
}

/// Returns the first cell, which must be there.
template <class T>
T value_of(connection& conn, const sql_statement& stmt) {
  auto rows = run(conn, stmt);
  REQUIRE(rows.size() == 1);
  return rows[0][0].as<T>();
}

/// Returns the error of a statement that must fail.
inline error failure_of(connection& conn, const sql_statement& stmt,
                        time_point deadline = soon()) {
  auto rows = conn.execute(stmt, deadline);
  INFO(stmt.text);
  REQUIRE_FALSE(rows);
  return rows.error();
}

/// A query that never ends by itself.
inline constexpr const char* endless_sql
  = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT count(*) FROM n";

/// SQLite's spelling of what the conformance suite executes.
inline backend_under_test sqlite_statements_for_conformance() {
  backend_under_test what;
  what.get_one = "SELECT 1";
  what.drop_table = "DROP TABLE IF EXISTS conformance";
  what.create_table
    = "CREATE TABLE conformance (id INTEGER PRIMARY KEY, value TEXT)";
  what.insert = [](std::int64_t id, sql_parameter value) {
    return sql_statement{"INSERT INTO conformance VALUES (?1, ?2)",
                         {id, std::move(value)}};
  };
  what.select_all = "SELECT id, value FROM conformance ORDER BY id";
  what.echo = [](std::int64_t a, double b, std::string c, std::nullptr_t d) {
    return sql_statement{"SELECT $1, $2, $3, $4", {a, b, std::move(c), d}};
  };
  what.echo_bytes = [](blob x) {
    return sql_statement{"SELECT ?", {std::move(x)}};
  };
  what.echo_value = [](sql_value x) {
    return sql_statement{"SELECT ?1", {std::move(x)}};
  };
  what.refuses = [](const sql_value& x) {
    auto* real = std::get_if<double>(&x);
    return std::holds_alternative<std::uint64_t>(x)
           || (real != nullptr && *real != *real);
  };
  what.doom = [](std::int64_t id) {
    return sql_statement{"INSERT OR ROLLBACK INTO conformance VALUES (?1, '')",
                         {id}};
  };
  what.slow = endless_sql;
  what.bad = "SELEKT 1";
  what.two_at_once = "SELECT 1; SELECT 2";
  what.without_parameters = "SELECT ?1";
  what.too_large = "SELECT zeroblob(100000000)";
  what.leave_trace = "CREATE TEMP TABLE left_behind AS SELECT 1 AS x";
  what.see_trace = "SELECT x FROM left_behind";
  what.begin = "BEGIN";
  what.commit = "COMMIT";
  what.rollback = "ROLLBACK";
  return what;
}

} // namespace caf_pool::test

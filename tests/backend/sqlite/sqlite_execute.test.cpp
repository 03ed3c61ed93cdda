#include "caf_pool/backend/sqlite/sqlite_prepared.hpp"

#include "sqlite_support.hpp"

#include <array>
#include <cmath>
#include <fstream>
#include <limits>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// A connection to a database in memory; the backend keeps it alive.
struct memory {
  explicit memory(pool_config config = sqlite_config(":memory:"))
    : server(make_sqlite(config).value()), conn(open(*server)) {
    // nop
  }

  backend_ptr server;
  connection_ptr conn;
};

} // namespace

// -- values ------------------------------------------------------------------

TEST_CASE("SQLite keeps the extremes of every type", "[sqlite]") {
  memory db;
  using int_limits = std::numeric_limits<std::int64_t>;
  for (auto x : {int_limits::min(), std::int64_t{-1}, std::int64_t{0},
                 int_limits::max()})
    CHECK(value_of<std::int64_t>(*db.conn, {"SELECT ?", {x}}) == x);
  for (double x : {0.1, -1e308, std::numeric_limits<double>::infinity(),
                   std::numeric_limits<double>::denorm_min()})
    CHECK(value_of<double>(*db.conn, {"SELECT ?", {x}}) == x);
  for (auto& x :
       {std::string{}, std::string("a\0b", 3), std::string(70000, 'x')})
    CHECK(value_of<std::string>(*db.conn, {"SELECT ?", {x}}) == x);
  CHECK(value_of<bool>(*db.conn, {"SELECT ?", {true}}));
}

TEST_CASE("SQLite refuses what it would store as something else", "[sqlite]") {
  memory db;
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  for (auto& x : {sql_value{std::nan("")}, sql_value{std::uint64_t{most} + 1},
                  sql_value{std::numeric_limits<std::uint64_t>::max()}}) {
    auto rows = db.conn->execute({"SELECT ?", {x}}, soon());
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == errc::invalid_argument);
    CHECK(db.conn->state() == trace::clean);
  }
  CHECK(value_of<std::int64_t>(*db.conn,
                               {"SELECT ?", {sql_value{std::uint64_t{most}}}})
        == most);
}

TEST_CASE("SQLite tells the type of each cell, not of its column", "[sqlite]") {
  memory db;
  run(*db.conn, "CREATE TABLE t (x)");
  run(*db.conn, "INSERT INTO t VALUES (1), (1.5), ('a'), (x'00'), (NULL)");
  auto rows = run(*db.conn, "SELECT x FROM t");
  REQUIRE(rows.size() == 5);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(rows[i][0].raw().index() == std::array{2u, 3u, 4u, 5u}[i]);
  CHECK(rows[4][0].is_null());
}

TEST_CASE("columns are named even when no row comes", "[sqlite]") {
  memory db;
  auto rows = run(*db.conn, "SELECT 1 AS a, 2 AS b WHERE 0");
  CHECK(rows.columns == std::vector<std::string>{"a", "b"});
  CHECK(rows.empty());
}

TEST_CASE("changed rows are counted for statements that change some only",
          "[sqlite]") {
  memory db;
  auto& conn = *db.conn;
  CHECK(run(conn, "CREATE TABLE t (x INTEGER PRIMARY KEY)").affected == 0);
  CHECK(run(conn, "INSERT INTO t VALUES (1), (2), (3)").affected == 3);
  CHECK(run(conn, "SELECT * FROM t").affected == 0);
  CHECK(run(conn, "CREATE TABLE u (x)").affected == 0);
  CHECK(run(conn, "UPDATE t SET x = x + 10 WHERE x > 1").affected == 2);
  CHECK(run(conn, "UPDATE t SET x = 1 WHERE x = 77").affected == 0);
  auto rows = run(conn, "INSERT INTO t VALUES (7) RETURNING x");
  CHECK(rows.affected == 1);
  CHECK(rows[0][0].as<int>() == 7);
  CHECK(run(conn, "DELETE FROM t").affected == 4);
}

// -- parameters --------------------------------------------------------------

TEST_CASE("placeholders with numbers take the parameter of that number",
          "[sqlite]") {
  memory db;
  for (auto text : {"SELECT ?2 || ?1 || ?2", "SELECT $2 || $1 || $2",
                    "SELECT :2 || :1 || :2", "SELECT @2 || @1 || @2"}) {
    INFO(text);
    CHECK(value_of<std::string>(*db.conn, {text, {"a", "b"}}) == "bab");
  }
  CHECK(value_of<std::string>(*db.conn, {"SELECT ? || ?", {"a", "b"}}) == "ab");
  CHECK(value_of<std::string>(*db.conn, {"SELECT :x || :y || :x", {"a", "b"}})
        == "aba");
}

TEST_CASE("a wrong number of parameters is refused with both numbers",
          "[sqlite]") {
  memory db;
  auto why = failure_of(*db.conn, {"SELECT ?1, ?3", {1, 2}});
  CHECK(why.code == errc::invalid_argument);
  CHECK_THAT(why.message, ContainsSubstring("3 parameters, but got 2"));
  CHECK(failure_of(*db.conn, {"SELECT 1", {1}}).code == errc::invalid_argument);
  CHECK(failure_of(*db.conn, {"SELECT $2, ?", {1, 2}}).code
        == errc::invalid_argument);
  CHECK(value_of<int>(*db.conn, {"SELECT ?1", {7}}) == 7);
}

TEST_CASE("parameters of one execution are gone in the next", "[sqlite]") {
  memory db;
  sql_statement stmt{"SELECT ?1", {"secret"}};
  run(*db.conn, stmt);
  stmt.parameters = {sql_null{}};
  CHECK(run(*db.conn, stmt)[0][0].is_null());
}

// -- texts -------------------------------------------------------------------

TEST_CASE("one statement per call, whatever blanks and comments follow",
          "[sqlite]") {
  memory db;
  CHECK(run(*db.conn, "SELECT 1;").size() == 1);
  CHECK(run(*db.conn, " ; SELECT 1 ; -- end\n /* really; */ ;").size() == 1);
  CHECK(run(*db.conn, "SELECT 1 /* open end").size() == 1);
  run(*db.conn, "CREATE TABLE t (x)");
  auto why = failure_of(*db.conn, "INSERT INTO t VALUES (1); DROP TABLE t");
  CHECK(why.code == errc::invalid_argument);
  CHECK_THAT(why.message, ContainsSubstring("at byte 26"));
  CHECK(value_of<int>(*db.conn, "SELECT count(*) FROM t") == 0);
  CHECK(failure_of(*db.conn, "").code == errc::invalid_argument);
  CHECK(failure_of(*db.conn, "-- nothing").code == errc::invalid_argument);
  CHECK(failure_of(*db.conn, std::string("SELECT 1\0; junk", 15)).code
        == errc::invalid_argument);
}

TEST_CASE("blanks, comments and kinds of BEGIN are recognized", "[sqlite]") {
  CHECK(skip_sql_blanks(" \n\t;; x") == "x");
  CHECK(skip_sql_blanks("-- a\n--b\nx") == "x");
  CHECK(skip_sql_blanks("/* a * / */x") == "x");
  CHECK(skip_sql_blanks("-x") == "-x");
  CHECK(skip_sql_blanks("/x") == "/x");
  CHECK(skip_sql_blanks("--").empty());
  CHECK(skip_sql_blanks("/*").empty());
  CHECK(skip_sql_blanks("/*/").empty());
  CHECK(is_plain_begin("BEGIN"));
  CHECK(is_plain_begin(" /* x */ begin -- y\n;"));
  CHECK(is_plain_begin("Begin Transaction"));
  CHECK_FALSE(is_plain_begin("BEGIN DEFERRED"));
  CHECK_FALSE(is_plain_begin("begin/**/immediate transaction"));
  CHECK_FALSE(is_plain_begin("BEGIN EXCLUSIVE"));
  CHECK_FALSE(is_plain_begin("BEGINNING"));
  CHECK_FALSE(is_plain_begin("SAVEPOINT x"));
}

// -- the statement cache -----------------------------------------------------

TEST_CASE("a kept statement follows a change of its table",
          "[sqlite][trap-T21]") {
  temp_folder folder;
  auto server = make_sqlite_at(folder.file("a.db"));
  auto first = open(*server);
  auto second = open(*server);
  run(*first, "CREATE TABLE t (a)");
  run(*first, "INSERT INTO t VALUES (1)");
  CHECK(run(*first, "SELECT * FROM t").columns.size() == 1);
  run(*second, "ALTER TABLE t ADD COLUMN b DEFAULT 2");
  auto rows = run(*first, "SELECT * FROM t");
  CHECK(rows.columns == std::vector<std::string>{"a", "b"});
  CHECK(rows[0]["b"].as<int>() == 2);
  run(*second, "DROP TABLE t");
  CHECK(failure_of(*first, "SELECT * FROM t").code == errc::execute_failed);
  CHECK(first->state() == trace::clean);
}

TEST_CASE("the statement cache is bounded, and may be off", "[sqlite]") {
  for (auto size : {"0", "1", "3"}) {
    auto config = sqlite_config(":memory:");
    config.options["statement_cache"] = size;
    memory db{config};
    for (int round = 0; round < 3; ++round)
      for (int i = 0; i < 10; ++i)
        CHECK(value_of<int>(*db.conn, "SELECT " + std::to_string(i)) == i);
    // Each statement that exists can be found by its handle.
    auto* handle = static_cast<sqlite3*>(db.conn->native_handle());
    int kept = 0;
    for (sqlite3_stmt* stmt = nullptr;
         (stmt = sqlite3_next_stmt(handle, stmt)) != nullptr;)
      ++kept;
    CHECK(kept == std::stoi(size));
  }
}

// -- errors ------------------------------------------------------------------

TEST_CASE("the error says whose fault it is, and what SQLite calls it",
          "[sqlite][V13]") {
  memory db;
  auto& conn = *db.conn;
  run(conn, "CREATE TABLE p (id INTEGER PRIMARY KEY)");
  run(conn,
      "CREATE TABLE t (a UNIQUE, b NOT NULL, c CHECK (c < 10), "
      "d REFERENCES p)");
  run(conn, "INSERT INTO t VALUES (1, 1, 1, NULL)");
  struct {
    const char* sql;
    const char* state;
  } const rows[] = {
    {"INSERT INTO t VALUES (1, 2, 2, NULL)", "SQLITE_CONSTRAINT_UNIQUE"},
    {"INSERT INTO t VALUES (2, NULL, 2, NULL)", "SQLITE_CONSTRAINT_NOTNULL"},
    {"INSERT INTO t VALUES (2, 2, 20, NULL)", "SQLITE_CONSTRAINT_CHECK"},
    {"INSERT INTO t VALUES (2, 2, 2, 7)", "SQLITE_CONSTRAINT_FOREIGNKEY"},
    {"INSERT INTO p VALUES ('x')", "SQLITE_MISMATCH"},
    {"SELECT * FROM nothing", "SQLITE_ERROR"},
    {"SELECT abs(-9223372036854775808)", "SQLITE_ERROR"},
    {"SELECT zeroblob(2000000000)", "SQLITE_TOOBIG"},
    {"COMMIT", "SQLITE_ERROR"},
  };
  for (auto& row : rows) {
    auto why = failure_of(conn, row.sql);
    INFO(to_string(why));
    CHECK(why.code == errc::execute_failed);
    CHECK(why.state == row.state);
    CHECK(conn.state() == trace::clean);
  }
  CHECK_THAT(failure_of(conn, "SELECT 1 FROM").message,
             ContainsSubstring("incomplete input"));
  CHECK_THAT(failure_of(conn, "SELECT nix").message,
             ContainsSubstring("no such column: nix, at byte 7"));
}

TEST_CASE("a file that is no database is refused for good",
          "[sqlite][trap-T39]") {
  temp_folder folder;
  auto path = folder.file("text.db");
  std::ofstream{path} << std::string(8192, 'x');
  auto conn = make_sqlite_at(path)->open(soon());
  REQUIRE_FALSE(conn);
  INFO(to_string(conn.error()));
  CHECK(conn.error().code == errc::open_refused);
  CHECK(conn.error().state == "SQLITE_NOTADB");
  CHECK_THAT(conn.error().message, ContainsSubstring(path));
}

TEST_CASE("a damaged file breaks the connection that reads it",
          "[sqlite][V03]") {
  temp_folder folder;
  auto path = folder.file("a.db");
  auto config = sqlite_config(path);
  config.options["wal"] = "false";
  config.options["cache_bytes"] = "0";
  auto server = make_sqlite(config).value();
  {
    auto conn = open(*server);
    run(*conn, "CREATE TABLE t (x)");
    run(*conn, {"INSERT INTO t VALUES (?)", {std::string(20000, 'x')}});
  }
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(4096);
  file << std::string(4096, '\xff');
  file.close();
  auto conn = open(*server);
  auto why = failure_of(*conn, "SELECT * FROM t");
  INFO(to_string(why));
  CHECK(why.code == errc::connection_lost);
  CHECK_THAT(why.state, StartsWith("SQLITE_CORRUPT"));
  CHECK_THAT(why.message, ContainsSubstring("integrity_check"));
  CHECK(conn->state() == trace::broken);
}

TEST_CASE("a probe notices that the file was replaced", "[sqlite][V03]") {
  temp_folder folder;
  auto path = folder.file("a.db");
  auto server = make_sqlite_at(path);
  auto conn = open(*server);
  run(*conn, "CREATE TABLE t (x)");
  CHECK(conn->probe(soon()));
  std::filesystem::rename(path, folder.file("b.db"));
  auto alive = conn->probe(soon());
  REQUIRE_FALSE(alive);
  CHECK(alive.error().code == errc::connection_lost);
  CHECK_THAT(alive.error().message, ContainsSubstring(path));
  CHECK(conn->state() == trace::broken);
}

// -- options -----------------------------------------------------------------

TEST_CASE("the options of a connection are in force", "[sqlite]") {
  temp_folder folder;
  auto config = sqlite_config(folder.file("a.db"));
  config.options["synchronous"] = "normal";
  config.options["cache_bytes"] = "8192000";
  config.options["init"] = "PRAGMA recursive_triggers=1; PRAGMA temp_store=2";
  auto server = make_sqlite(config).value();
  auto conn = open(*server);
  CHECK(value_of<std::string>(*conn, "PRAGMA journal_mode") == "wal");
  CHECK(value_of<int>(*conn, "PRAGMA synchronous") == 1);
  CHECK(value_of<int>(*conn, "PRAGMA cache_size") == -8000);
  CHECK(value_of<int>(*conn, "PRAGMA foreign_keys") == 1);
  CHECK(value_of<int>(*conn, "PRAGMA recursive_triggers") == 1);
  CHECK(conn->state() == trace::clean);
  config.options["foreign_keys"] = "false";
  config.options["synchronous"] = "extra";
  conn = open(*make_sqlite(config).value());
  CHECK(value_of<int>(*conn, "PRAGMA synchronous") == 3);
  CHECK(value_of<int>(*conn, "PRAGMA foreign_keys") == 0);
}

TEST_CASE("an init that fails, or leaves a transaction, fails the open",
          "[sqlite][V08][trap-T22]") {
  auto config = sqlite_config(":memory:");
  for (auto init : {"SELEKT 1", "BEGIN"}) {
    config.options["init"] = init;
    auto conn = make_sqlite(config).value()->open(soon());
    REQUIRE_FALSE(conn);
    INFO(to_string(conn.error()));
    CHECK(conn.error().code == errc::open_refused);
    CHECK_THAT(conn.error().message, ContainsSubstring("init"));
  }
}

TEST_CASE("an init that takes too long is not blamed on a lock", "[sqlite]") {
  auto config = sqlite_config(":memory:");
  config.options["init"]
    = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
      "SELECT count(*) FROM c";
  auto conn = make_sqlite(config).value()->open(clock::now() + 50ms);
  REQUIRE_FALSE(conn);
  CHECK(conn.error().code == errc::open_timeout);
  CHECK_THAT(conn.error().message, ContainsSubstring("running init on"));
  CHECK_THAT(conn.error().message, !ContainsSubstring("locks"));
}

TEST_CASE("a mode that does not write creates no file", "[sqlite]") {
  temp_folder folder;
  auto path = folder.file("a.db");
  auto config = sqlite_config(path);
  for (auto mode : {"write", "read"}) {
    config.options["mode"] = mode;
    auto conn = make_sqlite(config).value()->open(soon());
    REQUIRE_FALSE(conn);
    CHECK(conn.error().code == errc::open_refused);
    CHECK_FALSE(std::filesystem::exists(path));
  }
  run(*open(*make_sqlite_at(path)), "CREATE TABLE t (x)");
  auto conn = open(*make_sqlite(config).value());
  CHECK(run(*conn, "SELECT * FROM t").empty());
  run(*conn, "BEGIN");
  auto why = failure_of(*conn, "INSERT INTO t VALUES (1)");
  CHECK(why.state == "SQLITE_READONLY");
}

TEST_CASE("a relative path means the folder of the start", "[sqlite]") {
  temp_folder folder;
  auto here = std::filesystem::current_path();
  std::filesystem::current_path(folder.file(""));
  auto server = make_sqlite_at("a.db");
  std::filesystem::current_path(here);
  auto conn = open(*server);
  CHECK(std::filesystem::exists(folder.file("a.db")));
}

TEST_CASE("a database in memory outlives its connection, not its backend",
          "[sqlite][trap-T23]") {
  auto server = make_sqlite_at(":memory:");
  auto other = make_sqlite_at(":memory:");
  CHECK(server->max_connections() == 1);
  auto conn = open(*server);
  run(*conn, "CREATE TABLE t (x)");
  run(*conn, "INSERT INTO t VALUES (1)");
  conn->close(soon());
  conn = open(*server);
  CHECK(value_of<int>(*conn, "SELECT count(*) FROM t") == 1);
  conn->abort();
  conn = open(*server);
  CHECK(value_of<int>(*conn, "SELECT count(*) FROM t") == 1);
  auto elsewhere = open(*other);
  CHECK(failure_of(*elsewhere, "SELECT * FROM t").code == errc::execute_failed);
}

TEST_CASE("a probe runs the validation query of the pool", "[sqlite][V03]") {
  auto config = sqlite_config(":memory:");
  config.validation_query = "SELECT x FROM wanted";
  auto server = make_sqlite(config).value();
  auto conn = open(*server);
  auto alive = conn->probe(soon());
  REQUIRE_FALSE(alive);
  CHECK_THAT(alive.error().message, ContainsSubstring("no such table: wanted"));
  run(*conn, "CREATE TABLE wanted (x)");
  CHECK(conn->probe(soon()));
  CHECK(conn->state() == trace::clean);
  config.validation_query = "BEGIN";
  conn = open(*make_sqlite(config).value());
  alive = conn->probe(soon());
  REQUIRE_FALSE(alive);
  CHECK_THAT(alive.error().message, ContainsSubstring("validation_query"));
  CHECK(conn->transaction() == transaction_status::none);
}

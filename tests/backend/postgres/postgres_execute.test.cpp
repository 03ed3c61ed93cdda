#include "backend/postgres/postgres_support.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

sql_value value_of(connection& x, const sql_statement& what) {
  return one_cell(must(x, what));
}

std::int64_t prepared_statements(connection& x) {
  return number_of(x, "SELECT count(*) FROM pg_prepared_statements");
}

blob bytes_of(std::string_view text) {
  blob result;
  for (auto c : text)
    result.push_back(static_cast<std::byte>(c));
  return result;
}

} // namespace

// -- values -------------------------------------------------------------------

TEST_CASE("columns become cells by their type", "[postgres]") {
  auto conn = open_one();
  CHECK(value_of(*conn, "SELECT 7::smallint") == sql_value{std::int64_t{7}});
  CHECK(value_of(*conn, "SELECT -7::int") == sql_value{std::int64_t{-7}});
  CHECK(value_of(*conn, "SELECT 9223372036854775807")
        == sql_value{std::numeric_limits<std::int64_t>::max()});
  CHECK(value_of(*conn, "SELECT 42::oid") == sql_value{std::int64_t{42}});
  CHECK(value_of(*conn, "SELECT 1.5::float4") == sql_value{1.5});
  CHECK(value_of(*conn, "SELECT 0.1::float8") == sql_value{0.1});
  CHECK(value_of(*conn, "SELECT '-Infinity'::float8")
        == sql_value{-std::numeric_limits<double>::infinity()});
  CHECK(std::isnan(std::get<double>(value_of(*conn, "SELECT 'NaN'::float8"))));
  CHECK(value_of(*conn, "SELECT true") == sql_value{true});
  CHECK(value_of(*conn, "SELECT false") == sql_value{false});
  CHECK(value_of(*conn, "SELECT NULL::int") == sql_value{});
  CHECK(value_of(*conn, "SELECT ''") == sql_value{std::string{}});
  // Types that a cell cannot hold stay as the server writes them.
  CHECK(value_of(*conn, "SELECT 1.50::numeric")
        == sql_value{std::string{"1.50"}});
  CHECK(value_of(*conn, "SELECT DATE '2024-02-29'")
        == sql_value{std::string{"2024-02-29"}});
  CHECK(value_of(*conn, "SELECT ARRAY[1, 2]")
        == sql_value{std::string{"{1,2}"}});
  CHECK(value_of(*conn, "SELECT '\\x00ff10'::bytea")
        == sql_value{bytes_of({"\x00\xff\x10", 3})});
  must(*conn, "SET bytea_output = 'escape'");
  CHECK(value_of(*conn, "SELECT '\\x00ff10'::bytea")
        == sql_value{bytes_of({"\x00\xff\x10", 3})});
}

TEST_CASE("parameters arrive as they were bound", "[postgres]") {
  auto conn = open_one();
  for (auto x : {0.1, -1e300, 5e-324, std::numeric_limits<double>::infinity()})
    CHECK(value_of(*conn, {"SELECT $1::float8", {x}}) == sql_value{x});
  CHECK(std::isnan(std::get<double>(
    value_of(*conn, {"SELECT $1::float8",
                     {std::numeric_limits<double>::quiet_NaN()}}))));
  CHECK(value_of(*conn, {"SELECT $1::bool", {true}}) == sql_value{true});
  CHECK(value_of(*conn, {"SELECT $1::int", {nullptr}}) == sql_value{});
  CHECK(value_of(*conn, {"SELECT $1 || '!'", {"a'b\\c\"d;--"}})
        == sql_value{std::string{"a'b\\c\"d;--!"}});
  // The same text with bytes and without: no mix-up of prepared statements.
  for (int i = 0; i < 4; ++i) {
    CHECK(value_of(*conn, {"SELECT $1::bytea", {bytes_of({"\0\x01", 2})}})
          == sql_value{bytes_of({"\0\x01", 2})});
    CHECK(value_of(*conn, {"SELECT $1::bytea", {"\\x0203"}})
          == sql_value{bytes_of("\x02\x03")});
    CHECK(value_of(*conn, {"SELECT $1::bytea", {blob{}}}) == sql_value{blob{}});
  }
}

TEST_CASE("parameters that cannot be sent are refused before sending",
          "[postgres]") {
  auto conn = open_one();
  CHECK(error_of(*conn, {"SELECT $1::text", {std::string{"a\0b", 3}}}).code
        == errc::invalid_argument);
  CHECK(error_of(*conn, std::string{"SELECT 1\0", 9}).code
        == errc::invalid_argument);
  sql_statement many{"SELECT 1"};
  many.parameters.resize(70'000);
  CHECK(error_of(*conn, many).code == errc::invalid_argument);
  // Together more than a message of the protocol may have.
  many.parameters.assign(65, blob(16 << 20));
  CHECK(error_of(*conn, many).code == errc::invalid_argument);
  CHECK(conn->state() == trace::clean);
}

TEST_CASE("changed rows are counted", "[postgres]") {
  auto conn = open_one();
  must(*conn, "CREATE TEMP TABLE t (id int)");
  CHECK(must(*conn, "INSERT INTO t VALUES (1), (2), (3)").affected == 3);
  auto changed = must(*conn,
                      "UPDATE t SET id = id + 1 WHERE id > 1 "
                      "RETURNING id");
  CHECK(changed.affected == 2);
  CHECK(changed.size() == 2);
  CHECK(must(*conn, "SELECT * FROM t").affected == 0);
  CHECK(must(*conn, "DELETE FROM t").affected == 3);
}

// -- prepared statements ------------------------------------------------------

TEST_CASE("a statement that comes again is prepared", "[postgres]") {
  auto config = shared_config();
  SECTION("the second time") {
    auto conn = open_one(config);
    CHECK(prepared_statements(*conn) == 0);
    CHECK(prepared_statements(*conn) == 1);
    CHECK(prepared_statements(*conn) == 1);
    // What leaves something behind or is rare is not.
    for (int i = 0; i < 3; ++i) {
      must(*conn, "BEGIN");
      must(*conn, "SET LOCAL work_mem = '1MB'");
      must(*conn, "ROLLBACK");
    }
    CHECK(prepared_statements(*conn) == 1);
  }
  SECTION("never, if the options say so") {
    config.options[GENERATE("prepare_after", "statement_cache")] = "0";
    auto conn = open_one(config);
    for (int i = 0; i < 4; ++i)
      CHECK(prepared_statements(*conn) == 0);
  }
}

TEST_CASE("the server holds a bounded number of prepared statements",
          "[postgres]") {
  auto config = shared_config();
  config.options["statement_cache"] = "10";
  auto conn = open_one(config);
  for (int i = 0; i < 100; ++i)
    for (int n = 0; n < 2; ++n)
      CHECK(number_of(*conn, "SELECT " + std::to_string(i)) == i);
  // Those in the cache and those that wait to be dropped together.
  CHECK(prepared_statements(*conn) <= 10 + 16);
}

TEST_CASE(
  "a plan that became outdated is made again, once and only outside "
  "of a transaction",
  "[postgres][trap-T21]") {
  auto& server = private_postgres::shared();
  server.query(
    "DROP TABLE IF EXISTS shape; CREATE TABLE shape (a int); "
    "INSERT INTO shape VALUES (1); GRANT ALL ON shape TO app");
  auto conn = open_one();
  auto columns = [&] { return must(*conn, "SELECT * FROM shape").columns; };
  columns();
  CHECK(columns().size() == 1);
  SECTION("outside") {
    server.query("ALTER TABLE shape ADD b text");
    CHECK(columns().size() == 2);
    CHECK(columns().size() == 2);
    server.query("ALTER TABLE shape ALTER a TYPE text");
    CHECK(value_of(*conn, "SELECT a FROM shape")
          == sql_value{std::string{"1"}});
  }
  SECTION("inside, where the transaction is lost anyway") {
    must(*conn, "BEGIN");
    server.query("ALTER TABLE shape ADD b text");
    auto why = error_of(*conn, "SELECT * FROM shape");
    CHECK(why.code == errc::execute_failed);
    CHECK(why.state == "0A000");
    must(*conn, "ROLLBACK");
    CHECK(columns().size() == 2);
  }
  SECTION("prepared statements that somebody dropped are no trouble") {
    must(*conn, "DEALLOCATE ALL");
    CHECK(columns().size() == 1);
    PQclear(PQexec(pg_raw(*conn), "DISCARD ALL"));
    CHECK(columns().size() == 1);
    REQUIRE(conn->reset(reset_policy::full, soon()));
    CHECK(columns().size() == 1);
    CHECK(columns().size() == 1);
  }
  server.query("DROP TABLE shape");
}

// -- limits -------------------------------------------------------------------

TEST_CASE("a result above the limit is stopped, whatever its form",
          "[postgres]") {
  auto config = shared_config();
  config.max_result_bytes = 1 << 20;
  auto conn = open_one(config);
  auto pid = backend_pid(*conn);
  SECTION("many rows: the connection survives") {
    auto took = time_of([&] {
      CHECK(error_of(*conn,
                     "SELECT generate_series(1, 100000000), "
                     "repeat('x', 100)")
              .code
            == errc::result_too_large);
    });
    CHECK(took < no_hang);
    REQUIRE(conn->reset(reset_policy::automatic, soon()));
    CHECK(backend_pid(*conn) == pid);
  }
  SECTION("one huge cell: its connection may have to end for it") {
    CHECK(error_of(*conn, "SELECT repeat(repeat('x', 1000), 50000)").code
          == errc::result_too_large);
    // Unless the driver had it whole already.
    if (conn->state() != trace::broken)
      CHECK(conn->reset(reset_policy::automatic, soon()));
  }
  SECTION("a statement that used to be small") {
    sql_statement what{"SELECT generate_series(1, $1), repeat('x', 1000)"};
    for (int i = 0; i < 3; ++i) {
      what.parameters = {std::int64_t{1}};
      CHECK(must(*conn, what).size() == 1);
    }
    what.parameters = {std::int64_t{10'000'000}};
    CHECK(error_of(*conn, what).code == errc::result_too_large);
  }
  SECTION("a result at the limit is whole") {
    auto rows = must(*conn, "SELECT i FROM generate_series(1, 20000) i");
    CHECK(rows.size() == 20000);
    rows = must(*conn, "SELECT repeat('x', 1000000)");
    CHECK(std::get<std::string>(rows.cells[0]).size() == 1'000'000);
  }
}

TEST_CASE("statements and parameters of any size are sent", "[postgres]") {
  auto config = shared_config();
  auto conn = open_one(config);
  std::string large(4 << 20, 'x');
  CHECK(number_of(*conn, {"SELECT length($1)", {large}}) == 4 << 20);
  CHECK(number_of(*conn, "SELECT length('" + large + "')") == 4 << 20);
  auto echo = must(*conn, {"SELECT $1::text", {large}});
  CHECK(std::get<std::string>(echo.cells[0]) == large);
}

TEST_CASE("the server stops a statement by its own limit, too",
          "[postgres][T10]") {
  auto config = shared_config();
  config.options["statement_timeout"] = "1s";
  auto conn = open_one(config);
  auto why = error_of(*conn, "SELECT pg_sleep(300)");
  CHECK(why.code == errc::execute_timeout);
  CHECK(why.state == "57014");
  CHECK(conn->state() != trace::broken);
  // A session's own setting wins over the pool's.
  must(*conn, "SET statement_timeout = 0");
  must(*conn, "SELECT pg_sleep(1.2)");
}

TEST_CASE("a caller may allow more than the pool does", "[postgres][T10]") {
  auto config = shared_config();
  config.execute_timeout = 100ms;
  auto conn = open_one(config);
  must(*conn, "SELECT pg_sleep(0.5)");
  CHECK(conn->execute("SELECT pg_sleep(0.5)", never));
  CHECK(text_of(*conn, "SHOW statement_timeout") == "0");
}

TEST_CASE("a statement ends at its own deadline", "[postgres][T10]") {
  auto stops = [](connection& conn, duration limit) {
    auto took = time_of([&] {
      auto why = error_of(conn, "SELECT pg_sleep(300)", limit);
      CHECK(why.code == errc::execute_timeout);
    });
    CHECK(took >= limit);
    CHECK(took < no_hang);
    return conn.state() != trace::broken;
  };
  CHECK(one_survives([&](connection& conn) {
    auto pid = backend_pid(conn);
    if (!stops(conn, 100ms) || !stops(conn, 300ms))
      return false;
    // In a transaction, which is lost with it.
    must(conn, "BEGIN");
    if (!stops(conn, 100ms))
      return false;
    CHECK(error_of(conn, "SELECT 1").state == "25P02");
    must(conn, "ROLLBACK");
    CHECK(backend_pid(conn) == pid);
    return true;
  }));
}

// -- errors -------------------------------------------------------------------

TEST_CASE("a table of errors: who survives, and what it is called",
          "[postgres][V13]") {
  auto& server = private_postgres::shared();
  server.query(
    "DROP TABLE IF EXISTS u; CREATE TABLE u (id int PRIMARY KEY); "
    "INSERT INTO u VALUES (1); GRANT ALL ON u TO app");
  auto conn = open_one();
  auto pid = backend_pid(*conn);
  struct row {
    const char* sql;
    const char* state;
  };
  for (auto [sql, state] : {
         row{"INSERT INTO u VALUES (1)", "23505"},
         row{"INSERT INTO u VALUES (NULL)", "23502"},
         row{"SELECT 1/0", "22012"},
         row{"SELECT 'x'::int", "22P02"},
         row{"SELECT nothing", "42703"},
         row{"SELECT * FROM nowhere", "42P01"},
         row{"SELEC 1", "42601"},
         row{"SELECT 1; SELECT 2", "42601"},
         row{"SELECT $1::int", "08P01"},
         row{"SELECT pg_read_file('/etc/passwd')", "42501"},
         row{"DO $$ BEGIN RAISE SQLSTATE '08006'; END $$", "08006"},
         row{"DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", "40001"},
         row{"DO $$ BEGIN RAISE SQLSTATE '53200'; END $$", "53200"},
         row{"DO $$ BEGIN RAISE SQLSTATE 'XX000'; END $$", "XX000"},
       }) {
    INFO(sql);
    auto why = error_of(*conn, sql);
    CHECK(why.code == errc::execute_failed);
    CHECK(why.state == state);
    CHECK(conn->state() != trace::broken);
  }
  CHECK(backend_pid(*conn) == pid);
  REQUIRE(conn->reset(reset_policy::automatic, soon()));
  CHECK(conn->state() == trace::clean);
  server.query("DROP TABLE u");
  // These do not survive.
  must(*conn, "SET idle_in_transaction_session_timeout = 50");
  must(*conn, "BEGIN");
  CHECK(eventually([&] {
    return server.query("SELECT count(*) FROM pg_stat_activity WHERE pid = "
                        + std::to_string(pid))
           == "0";
  }));
  CHECK_FALSE(conn->probe(soon()));
  CHECK(conn->state() == trace::broken);
  auto why = error_of(*conn, "SELECT 1");
  CHECK(why.code == errc::connection_lost);
  CHECK(why.state == "25P03");
}

TEST_CASE("error texts say what happened, for how long, and where",
          "[postgres]") {
  auto conn = open_one();
  must(*conn, "CREATE TEMP TABLE t (id int UNIQUE)");
  must(*conn, "INSERT INTO t VALUES (7)");
  auto why = error_of(*conn, {"INSERT INTO t VALUES ($1)", {7}});
  CHECK_THAT(why.message, ContainsSubstring("Key (id)=(7) already exists"));
  CHECK_THAT(why.message, ContainsSubstring("after "));
  CHECK_THAT(why.message, ContainsSubstring("app@"));
  why = error_of(*conn, "SELECT pg_sleep(300)", 50ms);
  CHECK_THAT(why.message, ContainsSubstring("deadline"));
}

TEST_CASE("statements of other kinds are refused with a way out",
          "[postgres]") {
  auto conn = open_one();
  auto why = error_of(*conn, "COPY (SELECT 1) TO STDOUT");
  CHECK(why.code == errc::not_supported);
  CHECK_THAT(why.message, ContainsSubstring("native"));
  CHECK(conn->state() == trace::clean);
  CHECK(must(*conn, "").empty());
  CHECK(must(*conn, "-- nothing").empty());
}

#include "caf_pool/backend/postgres/pg_ending.hpp"
#include "caf_pool/backend/postgres/pg_server_error.hpp"

#include "backend/postgres/postgres_support.hpp"

#include <string>
#include <thread>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

private_postgres& server() {
  return private_postgres::shared();
}

// A table of the server for a scope.
class stock {
public:
  stock() {
    server().query(
      "DROP TABLE IF EXISTS stock; CREATE TABLE stock (id int "
      "PRIMARY KEY); GRANT ALL ON stock TO app");
  }

  stock(const stock&) = delete;
  stock& operator=(const stock&) = delete;

  ~stock() {
    server().query("DROP TABLE stock");
  }

  static std::string rows() {
    return server().query("SELECT count(*) FROM stock");
  }
};

void doom(connection& x) {
  must(x, "BEGIN");
  must(x, "INSERT INTO stock VALUES (1)");
  CHECK(error_of(x, "INSERT INTO stock VALUES (1)").state == "23505");
  CHECK(x.transaction() == transaction_status::failed);
}

} // namespace

TEST_CASE("a transaction that an error doomed is not committed in silence",
          "[postgres]") {
  stock table;
  auto conn = open_one();
  for (auto* sql :
       {"COMMIT", "END", "commit work", "END TRANSACTION",
        "COMMIT AND NO CHAIN", "/* a /* nested */ comment */ COMMIT",
        "-- a line\n  ;; COMMIT ;", "PREPARE TRANSACTION 'never'"}) {
    INFO(sql);
    doom(*conn);
    auto why = error_of(*conn, sql);
    CHECK(why.code == errc::rolled_back);
    CHECK_THAT(why.message, ContainsSubstring("already exists"));
    CHECK(conn->transaction() == transaction_status::none);
    CHECK(stock::rows() == "0");
  }
  SECTION("and the one that follows is open") {
    doom(*conn);
    CHECK(error_of(*conn, "COMMIT AND CHAIN").code == errc::rolled_back);
    CHECK(conn->transaction() == transaction_status::open);
    must(*conn, "INSERT INTO stock VALUES (1)");
    must(*conn, "COMMIT");
    CHECK(stock::rows() == "1");
  }
  SECTION("however often the same text is sent") {
    for (int i = 0; i < 5; ++i) {
      doom(*conn);
      CHECK(error_of(*conn, "COMMIT").code == errc::rolled_back);
      must(*conn, "BEGIN");
      must(*conn, "COMMIT");
    }
  }
}

TEST_CASE("a transaction that is rolled back on purpose is no error",
          "[postgres]") {
  stock table;
  auto conn = open_one();
  for (auto* sql : {"ROLLBACK", "ABORT", "rollback work",
                    "/* COMMIT */ ROLLBACK AND NO CHAIN"}) {
    INFO(sql);
    doom(*conn);
    must(*conn, sql);
    CHECK(conn->transaction() == transaction_status::none);
    must(*conn, "BEGIN");
    must(*conn, sql);
  }
  SECTION("and a savepoint saves it") {
    must(*conn, "BEGIN");
    must(*conn, "INSERT INTO stock VALUES (1)");
    must(*conn, "SAVEPOINT a");
    error_of(*conn, "INSERT INTO stock VALUES (1)");
    must(*conn, "ROLLBACK TO a");
    must(*conn, "COMMIT");
    CHECK(stock::rows() == "1");
  }
}

TEST_CASE("the text of a statement tells how it ends", "[postgres]") {
  CHECK(pg_asks_to_commit("COMMIT PREPARED 'x'"));
  CHECK(pg_asks_to_commit("  eNd"));
  CHECK_FALSE(pg_asks_to_commit("ROLLBACK"));
  CHECK_FALSE(pg_asks_to_commit("-- COMMIT"));
  CHECK_FALSE(pg_asks_to_commit(""));
  for (auto* sql : {"SELECT 1", "(SELECT 1)", "with x as (select 1) table x",
                    "INSERT INTO t VALUES (1)", "COMMIT", "CREATE TABLE t ()",
                    "DROP INDEX i", "ALTER TABLE t ADD concurrent int"}) {
    INFO(sql);
    CHECK(pg_is_one_transaction(sql));
  }
  for (auto* sql : {"CALL p()", "DO $$ $$", "VACUUM",
                    "CREATE INDEX CONCURRENTLY i ON t (a)",
                    "drop index concurrently i", "REINDEX TABLE t", ""}) {
    INFO(sql);
    CHECK_FALSE(pg_is_one_transaction(sql));
  }
}

TEST_CASE("only what the server itself says of its end is a verdict",
          "[postgres]") {
  struct row {
    const char* severity;
    const char* state;
    const char* source;
    bool verdict;
  };
  for (auto [severity, state, source, verdict] : {
         // By an administrator, in a transaction for too long, idle for too
         // long, a transaction that lasts too long (PostgreSQL 17).
         row{"FATAL", "57P01", "ProcessInterrupts", true},
         row{"FATAL", "25P03", "ProcessInterrupts", true},
         row{"FATAL", "57P05", "ProcessInterrupts", true},
         row{"FATAL", "25P04", "ProcessInterrupts", true},
         row{"FATAL", "40001", "ProcessInterrupts", true},
         row{"FATAL", "XX000", "mdread", true},
         // A panic may come while a commit is written.
         row{"PANIC", "53100", "XLogWrite", false},
         // Another session crashed: at any moment, also just after a commit.
         row{"WARNING", "57P02", "quickdie", false},
         row{"FATAL", "57P02", "quickdie", false},
         // Committed here, though maybe not at the standby.
         row{"WARNING", "57P01", "SyncRepWaitForLSN", false},
         // A pooler that lost its server knows no more than anybody.
         row{"FATAL", "08P01", "", false},
         row{"FATAL", "57P01", "", false},
         // An error of the statement, or of libpq.
         row{"ERROR", "23505", "_bt_check_unique", false},
         row{"", "", "", false},
       }) {
    INFO(severity << ' ' << state << ' ' << source);
    pg_server_error what;
    what.severity = severity;
    what.sqlstate = state;
    what.source = source;
    CHECK(what.is_verdict() == verdict);
  }
}

TEST_CASE("rows without columns are counted", "[postgres]") {
  auto conn = open_one();
  for (int i = 0; i < 3; ++i) {
    CHECK(must(*conn, "SELECT FROM generate_series(1, 3)").size() == 3);
    CHECK(must(*conn, "SELECT FROM generate_series(1, 100000)").size()
          == 100'000);
    CHECK(must(*conn, "SELECT FROM generate_series(1, 0)").empty());
    CHECK(must(*conn, "SELECT 1 FROM generate_series(1, 3)").bare_rows == 0);
    CHECK(must(*conn, "SET work_mem = '4MB'").empty());
  }
}

// -- beside the result --------------------------------------------------------

TEST_CASE("the server's warnings come with the result", "[postgres]") {
  auto conn = open_one();
  CHECK(must(*conn, "SELECT 1").warnings.empty());
  must(*conn, "BEGIN");
  auto twice = must(*conn, "BEGIN").warnings;
  REQUIRE(twice.size() == 1);
  CHECK(twice[0].state == "25001");
  CHECK_THAT(twice[0].text, ContainsSubstring("already a transaction"));
  CHECK(must(*conn, "COMMIT").warnings.empty());
  CHECK(must(*conn, "COMMIT").warnings.at(0).state == "25P01");
  // Notices are none, and none is left from an error before.
  must(*conn, "DROP TABLE IF EXISTS nothing_there");
  error_of(*conn, "DO $$ BEGIN RAISE WARNING 'lost'; RAISE 'x'; END $$");
  CHECK(must(*conn, "DO $$ BEGIN RAISE NOTICE 'x'; END $$").warnings.empty());
  auto many = must(*conn,
                   "DO $$ BEGIN FOR i IN 1..1000 LOOP RAISE WARNING "
                   "'% %', i, repeat('\xC3\xA4', 3000); END LOOP; END $$")
                .warnings;
  REQUIRE(many.size() == sql_result::max_warnings);
  CHECK_THAT(many[0].text, StartsWith("1 "));
  CHECK(many[0].text.size() <= pg_notices::max_text + 3);
}

TEST_CASE("notices are no part of a result", "[postgres]") {
  auto config = shared_config();
  config.max_result_bytes = 1 << 20;
  auto conn = open_one(config);
  auto pid = backend_pid(*conn);
  sql_statement chatty{
    "DO $$ BEGIN FOR i IN 1..20000 LOOP RAISE NOTICE '%', "
    "repeat('x', 1000); END LOOP; END $$"};
  must(*conn, chatty);
  must(*conn, chatty);
  REQUIRE(conn->reset(reset_policy::full, soon()));
  CHECK(backend_pid(*conn) == pid);
  // A large row among them is still too large.
  server().query(
    "CREATE OR REPLACE FUNCTION chat() RETURNS text LANGUAGE plpgsql AS $$ "
    "BEGIN FOR i IN 1..5000 LOOP RAISE NOTICE '%', repeat('x', 1000); END "
    "LOOP; RETURN repeat('x', 50000000); END $$");
  CHECK(error_of(*conn, "SELECT chat()").code == errc::result_too_large);
  server().query("DROP FUNCTION chat");
}

// -- stopped by others --------------------------------------------------------

TEST_CASE("a cancel by somebody else is no timeout", "[postgres]") {
  auto config = shared_config();
  config.options["statement_timeout"] = GENERATE("0", "1h");
  auto conn = open_one(config);
  auto pid = std::to_string(backend_pid(*conn));
  std::optional<error> why;
  std::thread caller{[&] { why = error_of(*conn, "SELECT pg_sleep(300)"); }};
  CHECK(runs("pg_sleep(300"));
  server().query("SELECT pg_cancel_backend(" + pid + ")");
  caller.join();
  REQUIRE(why);
  INFO(to_string(*why));
  CHECK(why->code == errc::cancelled);
  CHECK(why->state == "57014");
  CHECK_THAT(why->message, ContainsSubstring("somebody else"));
  CHECK(conn->state() != trace::broken);
}

TEST_CASE("a limit of the holder's own is a timeout", "[postgres]") {
  auto conn = open_one();
  must(*conn, "SET statement_timeout = 50");
  auto why = error_of(*conn, "SELECT pg_sleep(300)");
  CHECK(why.code == errc::execute_timeout);
  must(*conn, "SET statement_timeout = 0");
  must(*conn, "SET lock_timeout = 50");
  auto other = open_one();
  must(*other, "SELECT pg_advisory_lock(77)");
  why = error_of(*conn, "SELECT pg_advisory_lock(77)");
  CHECK(why.code == errc::execute_failed);
  CHECK(why.state == "55P03");
}

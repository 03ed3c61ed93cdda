#include "backend/postgres/postgres_support.hpp"

#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

void make_kept() {
  private_postgres::shared().query(
    "DROP TABLE IF EXISTS kept; CREATE TABLE kept (id int); GRANT ALL ON kept "
    "TO app;"
    "CREATE OR REPLACE FUNCTION unlock() RETURNS int LANGUAGE plpgsql SECURITY "
    "DEFINER AS $$ BEGIN "
    "PERFORM set_config('default_transaction_read_only', 'off', false); "
    "PERFORM set_config('transaction_read_only', 'off', false); "
    "RETURN 1; END $$;"
    "CREATE OR REPLACE FUNCTION write_kept() RETURNS int LANGUAGE plpgsql "
    "SECURITY DEFINER AS $$ BEGIN "
    "PERFORM set_config('default_transaction_read_only', 'off', false); "
    "BEGIN PERFORM set_config('transaction_read_only', 'off', false); "
    "EXCEPTION WHEN others THEN NULL; END; "
    "INSERT INTO kept VALUES (1); RETURN 1; END $$");
}

std::string kept() {
  return private_postgres::shared().query("SELECT count(*) FROM kept");
}

void try_to_write(connection& x) {
  for (auto sql :
       {"INSERT INTO kept VALUES (1)", "SELECT write_kept()",
        "WITH w AS (INSERT INTO kept VALUES (1) RETURNING 1) TABLE w",
        "CREATE TABLE other (id int)",
        "DO $$ BEGIN INSERT INTO kept VALUES (1); END $$"}) {
    INFO(sql);
    auto outcome = x.execute(sql, soon());
    CHECK_FALSE(outcome);
  }
}

} // namespace

TEST_CASE("a lease for reading only cannot write, whatever it says",
          "[postgres]") {
  make_kept();
  auto conn = open_one();
  REQUIRE(conn->restrict_to_reads(soon()));
  CHECK(conn->state() == trace::dirty);
  CHECK(error_of(*conn, "INSERT INTO kept VALUES (1)").state == "25006");
  CHECK(conn->transaction() == transaction_status::none);
  // What it is told does not matter, only what comes of it.
  for (auto sql : {
         "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
         "SET default_transaction_read_only = off",
         "SET transaction_read_only = off",
         "SELECT set_config('transaction_read_only', 'off', false)",
         "SELECT set_config('default_transaction_read_only', 'off', false)",
         "SELECT query_to_xml('SELECT set_config("
         "''default_transaction_read_only'', ''off'', false)', true, false, "
         "'')",
         "SELECT query_to_xml('SELECT set_config(''transaction_read_only'', "
         "''off'', false)', true, false, '')",
         "SELECT * FROM ts_stat('SELECT to_tsvector(set_config("
         "''default_transaction_read_only'', ''off'', false))')",
         "DECLARE c CURSOR WITH HOLD FOR SELECT set_config("
         "'default_transaction_read_only', 'off', false)",
         "DECLARE d CURSOR WITH HOLD FOR SELECT write_kept()",
         "FETCH ALL FROM c",
         "SELECT unlock()",
         "SET TRANSACTION READ WRITE",
         "RESET ALL",
         "DISCARD ALL",
         "COMMIT",
         "ROLLBACK",
         "COMMIT AND CHAIN",
         "ROLLBACK AND CHAIN",
         "PREPARE w AS INSERT INTO kept VALUES (1)",
         "EXECUTE w",
         "DO $$ BEGIN PERFORM set_config('default_transaction_read_only', "
         "'off', false); END $$",
         "DO $$ BEGIN COMMIT; SET TRANSACTION READ WRITE; INSERT INTO kept "
         "VALUES (1); END $$",
       }) {
    INFO(sql);
    static_cast<void>(conn->execute(sql, soon()));
    REQUIRE(conn->state() == trace::dirty);
    CHECK(conn->transaction() == transaction_status::none);
    try_to_write(*conn);
  }
  CHECK(kept() == "0");
  auto policy = GENERATE(reset_policy::none, reset_policy::transaction,
                         reset_policy::automatic, reset_policy::full);
  REQUIRE(conn->reset(policy, soon()));
  CHECK(must(*conn, "INSERT INTO kept VALUES (1)").affected == 1);
}

TEST_CASE("a transaction of a lease for reading only cannot write either",
          "[postgres]") {
  make_kept();
  auto conn = open_one();
  auto begun_before = GENERATE(true, false);
  if (begun_before)
    must(*conn, "BEGIN");
  REQUIRE(conn->restrict_to_reads(soon()));
  if (begun_before) {
    CHECK(error_of(*conn, "INSERT INTO kept VALUES (1)").state == "25006");
    must(*conn, "ROLLBACK");
  }
  static_cast<void>(must(*conn,
                         "SELECT unlock()"
                         " WHERE false"));
  for (auto begin :
       {"BEGIN", "BEGIN READ WRITE", "START TRANSACTION READ /* */ WRITE",
        "/* x */ ; begin isolation level serializable, read write"}) {
    for (auto next :
         {"SELECT 1", "SET TRANSACTION READ WRITE",
          "SELECT set_config('transaction_read_only', 'off', false)",
          "SELECT unlock()", "SAVEPOINT s", "COMMIT AND CHAIN",
          "ROLLBACK AND CHAIN", "COMMIT AND CHAIN; SELECT 1",
          "DECLARE c CURSOR WITH HOLD FOR SELECT write_kept()"}) {
      for (auto last :
           {"SET TRANSACTION READ WRITE", "SELECT 2", "RESET ALL"}) {
        INFO(begin << " / " << next << " / " << last);
        must(*conn, begin);
        CHECK(conn->transaction() == transaction_status::open);
        static_cast<void>(conn->execute(next, soon()));
        static_cast<void>(conn->execute(last, soon()));
        CHECK_FALSE(conn->execute("INSERT INTO kept VALUES (1)", soon()));
        static_cast<void>(conn->execute("COMMIT", soon()));
        CHECK_FALSE(conn->execute("INSERT INTO kept VALUES (1)", soon()));
        CHECK(conn->transaction() == transaction_status::none);
      }
    }
  }
  CHECK(kept() == "0");
}

TEST_CASE("a lease for reading only reads as others do", "[postgres]") {
  auto conn = open_one();
  REQUIRE(conn->restrict_to_reads(soon()));
  for (int i = 0; i < 4; ++i) {
    CHECK(number_of(*conn, {"SELECT $1::int", {i}}) == i);
    CHECK(must(*conn, "SELECT generate_series(1, 3)").size() == 3);
    CHECK(
      must(*conn, "SELECT repeat('x', 100), generate_series(1, 3000)").size()
      == 3000);
    CHECK(error_of(*conn, "SELECT 1/0").state == "22012");
    CHECK(error_of(*conn, "SELEC").state == "42601");
    CHECK(conn->transaction() == transaction_status::none);
  }
  SECTION("in a transaction") {
    must(*conn, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    auto first = text_of(*conn, "SELECT now()::text");
    CHECK(text_of(*conn, "SELECT now()::text") == first);
    CHECK(text_of(*conn, "SHOW transaction_isolation") == "repeatable read");
    must(*conn, "COMMIT");
  }
  SECTION("and stops at its deadline") {
    auto why = error_of(*conn, "SELECT pg_sleep(300)", 100ms);
    CHECK(
      (why.code == errc::execute_timeout || why.code == errc::connection_lost));
    if (conn->state() != trace::broken) {
      CHECK(conn->transaction() == transaction_status::none);
      CHECK(number_of(*conn, "SELECT 7") == 7);
    }
  }
  SECTION("and loses nothing to a large result") {
    auto config = shared_config();
    config.max_result_bytes = 1 << 20;
    auto small = open_one(config);
    REQUIRE(small->restrict_to_reads(soon()));
    CHECK(error_of(*small, "SELECT generate_series(1, 10000000)").code
          == errc::result_too_large);
    if (small->state() != trace::broken)
      CHECK(number_of(*small, "SELECT 7") == 7);
  }
}

#include "backend/postgres/postgres_support.hpp"

#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

struct change {
  const char* from;
  const char* to;
  sql_parameter before;
  sql_parameter after;
  /// What the column holds afterwards, as text.
  const char* stored;
};

struct comparison {
  const char* from;
  const char* to;
  sql_parameter value;
  /// What the column holds, and equals `value`, in its second type.
  const char* stored;
};

} // namespace

TEST_CASE("a column that another session changes gets right values at once",
          "[postgres][trap-T21]") {
  auto& server = private_postgres::shared();
  auto conn = open_one();
  for (auto& x : {
         change{"int", "bigint", 1, 5'000'000'000, "5000000000"},
         change{"int", "text", "7", "007", "007"},
         change{"int", "text", 7, 8, "8"},
         change{"smallint", "numeric", 7, 1.5, "1.5"},
         change{"real", "double precision", 0.5, 0.1234567890123,
                "0.1234567890123"},
         change{"date", "timestamp", "2024-01-01", "2024-01-01 10:11:12",
                "2024-01-01 10:11:12"},
         change{"timestamp", "timestamptz", "2024-01-01 00:00",
                "2024-01-01 00:00+05", "2023-12-31 19:00:00+00"},
         change{"char(3)", "text", "a", "b  ", "b  "},
         change{"varchar(3)", "text", "abc", "abcdef", "abcdef"},
         change{"numeric(10,2)", "numeric(10,4)", 1.5, 1.2345, "1.2345"},
         change{"double precision", "numeric", 0.5, 0.12345678901234566,
                "0.12345678901234566"},
         change{"uuid", "text", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
                "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"},
         change{"boolean", "text", true, false, "false"},
         change{"jsonb", "text", "{\"b\":1,\"a\":2}", "{\"b\":1,  \"a\":2}",
                "{\"b\":1,  \"a\":2}"},
       }) {
    INFO(x.from << " to " << x.to);
    server.query("DROP TABLE IF EXISTS ev; CREATE TABLE ev (id int, v "
                 + std::string{x.from} + "); GRANT ALL ON ev TO app");
    sql_statement insert{"INSERT INTO ev VALUES ($1, $2)", {1, x.before}};
    for (int i = 0; i < 4; ++i)
      must(*conn, insert);
    REQUIRE(conn->reset(reset_policy::automatic, soon()));
    server.query(
      "SET timezone = 'UTC'; TRUNCATE ev; ALTER TABLE ev ALTER v "
      "TYPE "
      + std::string{x.to} + " USING NULL");
    insert = {insert.text, {1, x.after}};
    for (int i = 0; i < 3; ++i)
      must(*conn, insert);
    CHECK(server.query("SET timezone = 'UTC'; SELECT DISTINCT v::text FROM ev")
          == x.stored);
  }
  server.query("DROP TABLE ev");
}

TEST_CASE("a value is compared as the column has it now",
          "[postgres][trap-T21]") {
  auto& server = private_postgres::shared();
  server.query(
    "CREATE EXTENSION IF NOT EXISTS citext; DROP TYPE IF EXISTS "
    "mood CASCADE; CREATE TYPE mood AS ENUM ('sad', 'ok')");
  auto conn = open_one();
  for (auto& x : {
         comparison{"text", "citext", "A@x", "a@X"},
         comparison{"varchar(9)", "citext", "A@x", "a@X"},
         comparison{"text", "char(3)", "a ", "a"},
         comparison{"varchar(9)", "char(3)", "a ", "a"},
         comparison{"text", "int", "07", "7"},
         comparison{"text", "date", "2024-1-2", "2024-01-02"},
         comparison{"text", "jsonb", "{\"b\":1}", "{\"b\": 1}"},
         comparison{"text", "mood", "ok", "ok"},
         comparison{"int", "real", 16777217, "16777216"},
         comparison{"bigint", "real", 16777217, "16777216"},
         comparison{"numeric", "real", 16777217, "16777216"},
         comparison{"int", "text", 7, "7"},
         comparison{"int", "char(3)", 7, "7"},
         comparison{"int", "numeric(5,2)", 7, "7"},
         comparison{"boolean", "text", true, "true"},
       }) {
    INFO(x.from << " to " << x.to);
    server.query("DROP TABLE IF EXISTS ev; CREATE TABLE ev (v "
                 + std::string{x.from} + "); GRANT ALL ON ev TO app");
    sql_statement select{"SELECT count(*) FROM ev WHERE v = $1", {x.value}};
    for (int i = 0; i < 4; ++i)
      must(*conn, select);
    server.query("ALTER TABLE ev ALTER v TYPE " + std::string{x.to}
                 + " USING NULL; INSERT INTO ev VALUES ('" + x.stored + "')");
    for (int i = 0; i < 3; ++i)
      CHECK(number_of(*conn, select) == 1);
  }
  server.query("DROP TABLE ev; DROP TYPE mood");
}

TEST_CASE("statements that somebody may have dropped doom no transaction",
          "[postgres]") {
  auto conn = open_one();
  auto one = sql_statement{"SELECT 1 + $1::int", {1}};
  auto two = sql_statement{"SELECT 2 + $1::int", {1}};
  auto all_work = [&] {
    must(*conn, one);
    must(*conn, "BEGIN");
    must(*conn, one);
    must(*conn, two);
    must(*conn, "COMMIT");
    for (int i = 0; i < 3; ++i) {
      must(*conn, one);
      must(*conn, two);
    }
    CHECK(number_of(*conn,
                    "SELECT count(*) FROM pg_prepared_statements WHERE "
                    "statement LIKE 'SELECT _ + %'")
          == 2);
  };
  for (int i = 0; i < 3; ++i) {
    must(*conn, one);
    must(*conn, two);
  }
  must(*conn, "PREPARE q AS SELECT 1");
  SECTION("what leaves ours alone") {
    for (auto sql : {"DISCARD TEMP", "DISCARD PLANS", "DISCARD SEQUENCES",
                     "DEALLOCATE q"}) {
      INFO(sql);
      must(*conn, sql);
      must(*conn, "BEGIN");
      must(*conn, one);
      must(*conn, two);
      must(*conn, "COMMIT");
      all_work();
    }
  }
  SECTION("one of them, out of sight") {
    must(*conn,
         "DO $$ BEGIN EXECUTE 'DEALLOCATE ' || (SELECT name FROM "
         "pg_prepared_statements WHERE statement LIKE 'SELECT 1 +%'); "
         "END $$");
    all_work();
  }
  SECTION("all of them, out of sight") {
    must(*conn, "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$");
    all_work();
  }
  SECTION("all of them") {
    must(*conn, GENERATE("DEALLOCATE ALL", "DISCARD ALL"));
    all_work();
  }
}

TEST_CASE("in a transaction a change costs one call at most, of all",
          "[postgres][trap-T21]") {
  auto& server = private_postgres::shared();
  server.query(
    "DROP TABLE IF EXISTS ev; CREATE TABLE ev (id int, v int); "
    "GRANT ALL ON ev TO app");
  auto backend = make(shared_config());
  std::vector<connection_ptr> all;
  sql_statement insert{"INSERT INTO ev VALUES ($1, $2)", {1, 2}};
  for (int n = 0; n < 3; ++n) {
    all.push_back(backend->open(soon()).value());
    for (int i = 0; i < 4; ++i)
      must(*all.back(), insert);
  }
  server.query("ALTER TABLE ev ALTER v TYPE bigint");
  insert.parameters[1] = std::int64_t{5'000'000'000};
  auto failed = 0;
  for (int i = 0; i < 3; ++i)
    for (auto& conn : all) {
      must(*conn, "BEGIN");
      if (!conn->execute(insert, soon()))
        ++failed;
      must(*conn, "ROLLBACK");
    }
  CHECK(failed <= 1);
  server.query("DROP TABLE ev");
}

TEST_CASE("a statement that is to blame itself stays prepared", "[postgres]") {
  auto conn = open_one();
  sql_statement divide{"SELECT 1 / $1::int", {1}};
  sql_statement count{
    "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE "
    "'SELECT 1 / %'"};
  for (int i = 0; i < 3; ++i)
    must(*conn, divide);
  divide.parameters[0] = std::int64_t{0};
  for (int i = 0; i < 3; ++i)
    CHECK(error_of(*conn, divide).state == "22012");
  CHECK(number_of(*conn, count) == 1);
}

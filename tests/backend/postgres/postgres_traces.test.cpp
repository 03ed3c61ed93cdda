#include "backend/postgres/postgres_support.hpp"

#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

// Objects of users that change the session behind a harmless text.
constexpr const char* tricky_schema = R"(
  DROP SCHEMA IF EXISTS tricky CASCADE;
  CREATE SCHEMA tricky;
  GRANT ALL ON SCHEMA tricky TO app;
  CREATE FUNCTION tricky.leave() RETURNS int LANGUAGE sql AS
    $$ SELECT 1 FROM set_config('caf_pool.secret', 'leaked', false) $$;
  CREATE FUNCTION tricky.leave(int, int) RETURNS bool LANGUAGE plpgsql AS
    $$ BEGIN PERFORM set_config('caf_pool.secret', 'leaked', false);
       RETURN true; END $$;
  CREATE FUNCTION tricky.on_write() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM set_config('caf_pool.secret', 'leaked', false);
       RETURN NEW; END $$;
  CREATE FUNCTION tricky.prepares() RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN EXECUTE 'PREPARE hidden AS SELECT 1'; RETURN 1; END $$;
  CREATE FUNCTION tricky.drops_all() RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN tricky.prepares(); END $$;
  CREATE DOMAIN tricky.checked AS int CHECK (tricky.leave(VALUE, VALUE));
  CREATE DOMAIN tricky.checked_text AS text
    CHECK (tricky.leave(length(VALUE), 1));
  CREATE TYPE tricky.pair AS (a tricky.checked, b int);
  CREATE TYPE tricky.mood AS ENUM ('sad', 'ok');
  CREATE OPERATOR tricky.=== (leftarg = int, rightarg = int,
                              procedure = tricky.leave);
  CREATE TABLE tricky.plain (id int PRIMARY KEY);
  INSERT INTO tricky.plain VALUES (1), (2);
  CREATE VIEW tricky.look AS SELECT id, tricky.leave() AS x FROM tricky.plain;
  CREATE TABLE tricky.guarded (id int);
  INSERT INTO tricky.guarded VALUES (1);
  ALTER TABLE tricky.guarded ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON tricky.guarded USING (tricky.leave(1, id));
  CREATE TABLE tricky.watched (id serial, x int);
  CREATE TRIGGER t BEFORE INSERT ON tricky.watched
    FOR EACH ROW EXECUTE FUNCTION tricky.on_write();
  CREATE TABLE tricky.counted (id serial, x int);
  GRANT ALL ON ALL TABLES IN SCHEMA tricky TO app;
  GRANT ALL ON ALL SEQUENCES IN SCHEMA tricky TO app;
)";

std::string left_secret(connection& x) {
  return text_of(
    x, "SELECT coalesce(current_setting('caf_pool.secret', true), '')");
}

// The end of a lease, as a pool ends it.
void hand_over(connection& x) {
  if (x.state() == trace::clean)
    return;
  auto ok = x.reset(reset_policy::automatic, soon());
  if (!ok)
    FAIL(to_string(ok.error()));
  CHECK(x.state() == trace::clean);
}

} // namespace

TEST_CASE("no text hides from the next holder's reset",
          "[postgres][trap-T17][V11]") {
  private_postgres::shared().query(tricky_schema);
  auto conn = open_one();
  // Often enough that it would be trusted if it could be.
  auto rounds = 6;
  auto sql = GENERATE(
    as<std::string>{}, "SELECT set_config('caf_pool.secret', 'leaked', false)",
    "SELECT pg_catalog.\"set_config\"('caf_pool.secret', 'leaked', false)",
    "SELECT U&\"s\\0065t_config\"('caf_pool.secret', 'leaked', false)",
    "SELECT tricky.leave()", "SELECT * FROM tricky.look", "TABLE tricky.look",
    "SELECT count(*) FROM tricky.look WHERE x = 1",
    "SELECT 1 OPERATOR(tricky.===) 2", "SELECT * FROM tricky.guarded",
    "WITH x AS (SELECT tricky.leave()) SELECT * FROM x",
    "INSERT INTO tricky.watched (x) VALUES (1)",
    "SELECT query_to_xml('SELECT set_config(''caf_pool.secret'', ''leaked'', "
    "false)', true, false, '')",
    "SELECT table_to_xml('tricky.look', true, false, '')",
    "SELECT * FROM ts_stat('SELECT to_tsvector(set_config("
    "''caf_pool.secret'', ''leaked'', false))')",
    "DO $$ BEGIN PERFORM set_config('caf_pool.secret', 'leaked', false); END "
    "$$",
    "SELECT id FROM tricky.plain WHERE CASE WHEN id > 1 THEN "
    "tricky.leave(1, id) END",
    "SELECT 1 ORDER BY set_config('caf_pool.secret', 'leaked', false)");
  INFO(sql);
  for (int i = 0; i < rounds; ++i) {
    must(*conn, sql);
    hand_over(*conn);
    CHECK(left_secret(*conn) == "");
    hand_over(*conn);
  }
}

TEST_CASE("no parameter hides from the next holder's reset",
          "[postgres][trap-T17][V11]") {
  private_postgres::shared().query(tricky_schema);
  auto conn = open_one();
  for (auto& what : {sql_statement{"SELECT $1::tricky.checked", {1}},
                     sql_statement{"SELECT $1::tricky.checked_text", {"x"}},
                     sql_statement{"SELECT $1::tricky.pair", {"(1,2)"}},
                     sql_statement{"SELECT $1::tricky.checked[]", {"{1}"}}}) {
    INFO(what.text);
    for (int i = 0; i < 6; ++i) {
      must(*conn, what);
      hand_over(*conn);
      CHECK(left_secret(*conn) == "");
      hand_over(*conn);
    }
  }
}

TEST_CASE("tables, statements and sequences of a holder are gone",
          "[postgres][trap-T17][V11]") {
  private_postgres::shared().query(tricky_schema);
  auto conn = open_one();
  SECTION("temporary tables, however they are made") {
    for (auto sql :
         {"SELECT 'secret' AS s INTO LOCAL TEMP leak",
          "SELECT 'secret' AS s INTO TEMPORARY leak",
          "SELECT 'secret' AS s INTO pg_temp.leak",
          "SELECT 'secret' AS s INTO TEMP TABLE leak FROM tricky.plain",
          "CREATE LOCAL TEMPORARY TABLE leak AS VALUES ('secret')"}) {
      INFO(sql);
      for (int i = 0; i < 3; ++i) {
        must(*conn, sql);
        hand_over(*conn);
        CHECK(error_of(*conn, "SELECT * FROM leak").state == "42P01");
        hand_over(*conn);
      }
    }
  }
  SECTION("prepared statements, also those of functions") {
    for (auto sql : {"PREPARE hidden AS SELECT 1", "SELECT tricky.prepares()"})
      for (int i = 0; i < 3; ++i) {
        INFO(sql);
        must(*conn, sql);
        hand_over(*conn);
        CHECK(error_of(*conn, "EXECUTE hidden").state == "26000");
        hand_over(*conn);
      }
  }
  SECTION("what sequences remember") {
    for (auto sql : {"INSERT INTO tricky.counted (x) VALUES (1)",
                     "SELECT nextval('tricky.counted_id_seq')"})
      for (int i = 0; i < 3; ++i) {
        INFO(sql);
        must(*conn, sql);
        hand_over(*conn);
        CHECK(error_of(*conn, "SELECT lastval()").state == "55000");
        hand_over(*conn);
      }
  }
}

TEST_CASE("what a server holds to end resets finds all the same",
          "[postgres][trap-T17][V11]") {
  private_postgres::shared().query(tricky_schema);
  auto conn = open_one();
  auto is_held = [&] {
    return number_of(*conn, "SELECT count(*) FROM pg_prepared_statements "
                            "WHERE name = 'caf_pool_sweep' AND NOT from_sql")
           == 1;
  };
  auto reset_until_held = [&] {
    for (int i = 0; i < 100 && !is_held(); ++i)
      REQUIRE(conn->reset(reset_policy::full, soon()));
    REQUIRE(is_held());
    hand_over(*conn);
  };
  for (int i = 0; i < 3; ++i)
    for (std::vector<std::string> lease :
         {std::vector<std::string>{"SELECT tricky.prepares()"},
          {"SELECT tricky.drops_all()"},
          {"BEGIN", "SELECT tricky.drops_all()"},
          {"PREPARE hidden AS SELECT 1"},
          {"DISCARD ALL", "SELECT tricky.prepares()"},
          {"DEALLOCATE caf_pool_sweep",
           "PREPARE caf_pool_sweep AS SELECT 0, NULL",
           "PREPARE hidden AS SELECT 1"}}) {
      reset_until_held();
      INFO(lease.front());
      for (auto& sql : lease)
        must(*conn, sql);
      must(*conn, "SELECT pg_advisory_lock(7)");
      hand_over(*conn);
      CHECK(error_of(*conn, "EXECUTE hidden").state == "26000");
      CHECK(text_of(*conn, "SELECT count(*) FROM pg_locks WHERE locktype = "
                           "'advisory' AND pid = pg_backend_pid()")
            == "0");
      hand_over(*conn);
    }
}

TEST_CASE("how strings are read decides nothing", "[postgres][trap-T17]") {
  auto& server = private_postgres::shared();
  server.query("ALTER ROLE app SET standard_conforming_strings = off");
  auto conn = open_one();
  server.query("ALTER ROLE app RESET standard_conforming_strings");
  for (int i = 0; i < 4; ++i) {
    // A string and a call to this server, another string to others.
    must(*conn,
         "SELECT '\\'', set_config('caf_pool.secret', 'leaked', false), "
         "'\\''");
    hand_over(*conn);
    CHECK(left_secret(*conn) == "");
    hand_over(*conn);
  }
}

TEST_CASE("a query that the server calls harmless needs no reset",
          "[postgres][trap-T17][V11]") {
  private_postgres::shared().query(tricky_schema);
  auto conn = open_one();
  auto becomes_clean = [&](const sql_statement& what) {
    return eventually([&] {
      must(*conn, what);
      auto clean = conn->state() == trace::clean;
      hand_over(*conn);
      return clean;
    });
  };
  CHECK(becomes_clean({"SELECT id FROM tricky.plain WHERE id = $1", {1}}));
  CHECK(becomes_clean("SELECT count(*), lower('X'), now() FROM tricky.plain;"));
  CHECK(becomes_clean("TABLE tricky.plain -- with a comment"));
  CHECK(becomes_clean("SELECT pg_sleep(0)"));
  CHECK(becomes_clean({"SELECT $1::tricky.mood", {"ok"}}));
  SECTION("until it calls something else: by another connection") {
    sql_statement select{"SELECT id FROM tricky.plain"};
    CHECK(becomes_clean(select));
    private_postgres::shared().query(
      "ALTER TABLE tricky.plain RENAME TO plain2; CREATE VIEW tricky.plain AS "
      "SELECT id FROM tricky.plain2 WHERE tricky.leave(1, id); GRANT ALL ON "
      "ALL TABLES IN SCHEMA tricky TO app");
    CHECK(eventually([&] {
      must(*conn, select);
      auto dirty = conn->state() == trace::dirty;
      hand_over(*conn);
      return dirty;
    }));
    must(*conn, select);
    hand_over(*conn);
    CHECK(left_secret(*conn) == "");
  }
  SECTION("until it calls something else: by the pool itself") {
    sql_statement select{"SELECT x FROM tricky.mine"};
    must(*conn, "CREATE TABLE tricky.mine (x int)");
    CHECK(becomes_clean(select));
    must(*conn, "DROP TABLE tricky.mine");
    must(*conn, "CREATE VIEW tricky.mine AS SELECT tricky.leave() AS x");
    hand_over(*conn);
    must(*conn, select);
    CHECK(conn->state() == trace::dirty);
    hand_over(*conn);
    CHECK(left_secret(*conn) == "");
  }
}

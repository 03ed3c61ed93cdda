#include "caf_pool/backend/pg_lexer.hpp"
#include "caf_pool/backend/pg_traits.hpp"

#include "backend/postgres_support.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

// Words and symbols as they are, literals as '?', quoted names in quotes.
std::string tokens_of(std::string_view text) {
  pg_lexer lexer{text};
  std::string result;
  for (auto x = lexer.next(); x.kind != pg_token_kind::end; x = lexer.next()) {
    result += result.empty() ? "" : " ";
    if (x.kind == pg_token_kind::broken)
      return result + "<broken>";
    if (x.kind == pg_token_kind::literal)
      result += '?';
    else if (x.kind == pg_token_kind::quoted_name)
      result += '"' + x.text + '"';
    else
      result += x.text;
  }
  return result;
}

// What stays, as letters: t(race), w(rites), c(ommits), s(ettings),
// d(rops prepared), C(opies), p(reparable).
std::string letters_of(std::string_view text) {
  auto x = pg_traits_of(text);
  std::string result;
  for (auto [flag, letter] :
       {std::pair{x.leaves_trace, 't'}, std::pair{x.may_write, 'w'},
        std::pair{x.commits, 'c'}, std::pair{x.may_change_settings, 's'},
        std::pair{x.drops_prepared, 'd'}, std::pair{x.copies, 'C'},
        std::pair{x.preparable, 'p'}})
    if (flag)
      result += letter;
  return result;
}

} // namespace

TEST_CASE("the lexer reads SQL as PostgreSQL does", "[postgres]") {
  CHECK(tokens_of("SELECT a,B FROM \"T\"") == "select a , b from \"T\"");
  CHECK(tokens_of("'it''s' E'a\\'b' $1 $tag$ ' $x$ $tag$ 1.5e3 .5")
        == "? ? ? ? ? ? ?");
  CHECK(tokens_of("a -- rest ' \n b /* x /* y */ ' */ c") == "a b c");
  CHECK(tokens_of("x'1f' B'01' N'a' U&'\\0041' \"a\"\"b\"")
        == "? ? ? ? \"a\" \"b\"");
  CHECK(tokens_of("a$b $$ ; $$") == "a$b ?");
  for (auto text :
       {"'abc", "\"abc", "$$abc", "/* abc", "E'a\\'", "U&\"a\"", "$x abc"})
    CHECK(tokens_of(text) == "<broken>");
}

TEST_CASE("statements that leave nothing are known by their text",
          "[postgres][trap-T17][V11]") {
  // Reading only.
  for (auto text : {
         "SELECT 1",
         "select count(*), sum(x) FILTER (WHERE y) OVER (PARTITION BY z) "
         "FROM t WHERE id IN ($1, $2)",
         "WITH x (a) AS (SELECT 1) SELECT a FROM x",
         "SELECT temp, set, into_it FROM sensors",
         "SELECT * FROM t FOR UPDATE",
         "SELECT * FROM t FOR NO KEY UPDATE SKIP LOCKED",
         "SELECT time_bucket('5 minutes', at), avg(temp) FROM m GROUP BY 1",
         "VALUES (1, 2), (3, 4)",
         "TABLE t",
         "(SELECT 1) UNION ALL (SELECT 2)",
         "SELECT 'set_config(' || $1::varchar(10)",
         "/* set */ SELECT pg_sleep(1) -- lock",
         "SELECT a::numeric(10, 2), CAST(b AS bit(3)) FROM t AS u (a, b)",
         "SELECT 1;",
       }) {
    INFO(text);
    CHECK(letters_of(text) == "p");
  }
  for (auto text : {"SHOW ALL", "", "  -- nothing",
                    "EXPLAIN (ANALYZE, BUFFERS) SELECT 1"}) {
    INFO(text);
    CHECK(letters_of(text).empty());
  }
  // Changing rows, but not the session.
  for (auto text : {
         "INSERT INTO a.b (c, d) VALUES ($1, now()) ON CONFLICT (c) DO UPDATE "
         "SET d = excluded.d RETURNING c",
         "INSERT INTO \"T\" (x) SELECT nextval('s')",
         "UPDATE t SET a = a + 1 WHERE b = ANY($1)",
         "DELETE FROM t WHERE a < now() - interval '1 day'",
         "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
         "SELECT nextval('s')",
         "SELECT a INTO b FROM c",
       }) {
    INFO(text);
    CHECK(letters_of(text) == "wp");
  }
  CHECK(letters_of("EXPLAIN ANALYZE DELETE FROM t") == "w");
  for (auto text :
       {"CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, x numeric(3))",
        "DROP TABLE t", "TRUNCATE a, b", "GRANT SELECT ON t TO x",
        "CREATE SCHEMA s"}) {
    INFO(text);
    CHECK(letters_of(text) == "w");
  }
}

TEST_CASE("whatever may leave something is known or doubted",
          "[postgres][trap-T17][V11]") {
  for (auto text : {
         "SELECT my_function(1)",
         "SELECT pg_advisory_lock(1)",
         "SELECT \"count\"(1)",
         "SELECT public.count(1)",
         "SELECT a INTO TEMP b FROM c",
         "INSERT INTO pg_temp.x VALUES (1)",
         "INSERT INTO t SELECT f(x) FROM y",
         "SELECT 1; SELECT 2",
         "SELECT 'open",
       }) {
    INFO(text);
    CHECK(pg_traits_of(text).leaves_trace);
    CHECK(pg_traits_of(text).may_write);
  }
  for (auto text : {
         "SET a = 1",
         "RESET ALL",
         "LISTEN x",
         "DECLARE c CURSOR FOR SELECT 1",
         "PREPARE p AS SELECT 1",
         "LOAD 'x'",
         "DO $$ BEGIN END $$",
         "CALL p()",
         "LOCK TABLE t",
         "CREATE TEMP TABLE t (a int)",
         "CREATE TABLE t AS SELECT f()",
         "CREATE EXTENSION x",
         "CREATE UNLOGGED TABLE pg_temp.t (a int)",
         "ALTER TABLE t ADD x int",
         "VACUUM",
         "FETCH ALL FROM c",
         "NOTIFY x",
         "ANYTHING",
         "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
       }) {
    INFO(text);
    CHECK(pg_traits_of(text).leaves_trace);
  }
}

TEST_CASE("transactions and their settings are told apart", "[postgres]") {
  CHECK(letters_of("BEGIN").empty());
  CHECK(letters_of("START TRANSACTION READ ONLY").empty());
  CHECK(letters_of("BEGIN READ WRITE") == "s");
  CHECK(letters_of("COMMIT") == "wc");
  CHECK(letters_of("END") == "wc");
  CHECK(letters_of("ROLLBACK").empty());
  CHECK(letters_of("ROLLBACK PREPARED 'x'") == "wc");
  CHECK(letters_of("SAVEPOINT a").empty());
  CHECK(letters_of("SET LOCAL a = 1") == "s");
  CHECK(letters_of("SET TRANSACTION READ WRITE") == "s");
  CHECK(letters_of("SET a = 1") == "tws");
  CHECK(letters_of("PREPARE TRANSACTION 'x'") == "twcs");
  CHECK(letters_of("DISCARD ALL") == "twsd");
  CHECK(letters_of("DEALLOCATE x") == "twsd");
  CHECK(letters_of("COPY t FROM STDIN") == "twsC");
  CHECK(letters_of("SELECT set_config('a', 'b', false)") == "twsp");
  CHECK(letters_of("SELECT pg_catalog.set_config('a', 'b', false)") == "twsp");
  CHECK(letters_of("DECLARE c CURSOR FOR SELECT 1") == "tw");
}

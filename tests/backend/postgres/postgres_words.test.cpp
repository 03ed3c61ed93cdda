#include "caf_pool/backend/postgres/pg_traits.hpp"
#include "caf_pool/backend/postgres/pg_words.hpp"

#include "backend/postgres/postgres_support.hpp"

#include <rapidcheck.h>

#include <string>
#include <string_view>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

// What the words say, as letters: w(rites), c(ommits), b(egins), C(opies),
// p(reparable), n(ames nothing), t(yped).
std::string letters_of(std::string_view text) {
  auto x = pg_traits_of(text);
  std::string result;
  for (auto [flag, letter] :
       {std::pair{x.may_write, 'w'}, std::pair{x.commits, 'c'},
        std::pair{x.begins, 'b'}, std::pair{x.copies, 'C'},
        std::pair{x.preparable, 'p'}, std::pair{x.names_nothing, 'n'},
        std::pair{x.typed, 't'}})
    if (flag)
      result += letter;
  return result;
}

} // namespace

TEST_CASE("the first word is found behind whatever may come before it",
          "[postgres]") {
  CHECK(pg_first_word("SELECT 1") == "select");
  CHECK(pg_first_word(" \t\n((Select 1))") == "select");
  CHECK(pg_first_word("-- a comment\n;insert into t") == "insert");
  CHECK(pg_first_word("/* a /* nested */ one */begin") == "begin");
  for (auto none : {"", "  ", "--", "-- x", "/*", "/* /* */ select", "'select'",
                    "\"select\"", "1", "$1", "-", "/", "*/ select"}) {
    INFO(none);
    CHECK(pg_first_word(none).empty());
  }
}

TEST_CASE("words tell what a lost connection leaves in doubt", "[postgres]") {
  struct row {
    const char* text;
    const char* letters;
  };
  for (auto [text, letters] : {
         row{"SELECT 1", "pnt"},
         row{"VALUES (1, NULL), (-1, 'x')", "wpt"},
         row{"VALUES (1, 'drop table'), (2, '') ;", "pnt"},
         row{"SELECT 'it''s', $1::int, '--'", "pnt"},
         row{"SELECT $1::int, true", "pnt"},
         row{"SELECT $1", "pn"},
         row{"SELECT 1 + 1", "wpt"},
         row{"SELECT 1 === 2", "wpt"},
         row{"SELECT lower('X')", "wpt"},
         row{"SELECT mood 'ok'", "wpt"},
         row{"SELECT 'ok'::mood", "wpt"},
         row{"SELECT 1 IN (1, 2)", "wpt"},
         row{"SELECT E'x'", "wpt"},
         row{"SELECT 'open", "wpt"},
         row{"SELECT 'x\\', mine(), '\\'", "wpt"},
         row{"SELECT x FROM t WHERE id = $1", "wp"},
         row{"SELECT count(*) FROM t", "wpt"},
         row{"SELECT mine()", "wpt"},
         row{"SELECT \"count\"(*)", "wpt"},
         row{"SELECT public.count(1)", "wpt"},
         row{"SELECT mine/**/(1)", "wpt"},
         row{"SELECT mine--\n(1)", "wpt"},
         row{"SELECT 1 INTO t", "wpt"},
         row{"WITH x AS (DELETE FROM t RETURNING 1) TABLE x", "wpt"},
         row{"INSERT INTO t VALUES ($1::int)", "wpt"},
         row{"INSERT INTO t VALUES ($1)", "wp"},
         row{"SELECT $1::int FROM t WHERE a = $1", "wp"},
         row{"TABLE t", "wpt"},
         row{"SELECT count(*), now()", "wpt"},
         row{"SELECT '$2 is no parameter'", "pn"},
         row{"EXPLAIN SELECT x FROM t", "wt"},
         row{"SHOW work_mem", "t"},
         row{"EXPLAIN ANALYZE SELECT x FROM t", "wt"},
         row{"EXPLAIN (COSTS off, Analyse) SELECT x FROM t", "wt"},
         row{"BEGIN", "bt"},
         row{"start transaction read only", "bt"},
         row{"COMMIT", "wct"},
         row{"END AND CHAIN", "wct"},
         row{"ROLLBACK", "t"},
         row{"ROLLBACK PREPARED 'x'", "wct"},
         row{"PREPARE TRANSACTION 'x'", "wct"},
         row{"PREPARE x AS SELECT 1", "wt"},
         row{"COPY t FROM STDIN", "wCt"},
         row{"SET a.b = 'c'", "wt"},
         row{"DROP TABLE $tbl", "wt"},
         row{"", "t"},
       }) {
    INFO(text);
    CHECK(letters_of(text) == letters);
  }
}

TEST_CASE("any bytes are looked at in a time in proportion to their number",
          "[postgres][hostile]") {
  // Pieces that ended a reader of SQL in the middle of something.
  auto piece
    = rc::gen::oneOf(rc::gen::element<std::string>(
                       "$", "$tag", "$$", "'", "\"", "/*", "*/", "--", "\\",
                       "E'", "U&\"", "(", ")", ";", "select", "$1", "::", "\n"),
                     rc::gen::map(rc::gen::arbitrary<char>(),
                                  [](char c) { return std::string{c}; }));
  CHECK(rc::check("any text has an answer", [&] {
    std::string text;
    for (auto& x : *rc::gen::container<std::vector<std::string>>(piece))
      text += x;
    auto first = pg_first_word(text);
    RC_ASSERT(first.size() <= text.size());
    // Only what is in the text can be found.
    if (pg_has_word(text, "select"))
      RC_ASSERT(text.size() >= 6);
    static_cast<void>(pg_traits_of(text));
  }));
  for (auto part : {"$", "$tag", "'", "\"", "/*", "--", "(", "E'\\", "a"}) {
    INFO(part);
    std::string text;
    while (text.size() < 4u << 20)
      text += part;
    CHECK(time_of([&] { static_cast<void>(pg_traits_of(text)); }) < no_hang);
  }
}

TEST_CASE("text that ends in the middle of something is the server's to refuse",
          "[postgres][hostile]") {
  auto conn = open_one();
  for (auto sql : {"DROP TABLE $tbl",
                   "SELECT $",
                   "SELECT 'x",
                   "SELECT \"x",
                   "SELECT /* x",
                   "SELECT $x$ y",
                   "SELECT E'\\",
                   "SELECT U&\"x",
                   "SELECT U&'x",
                   "$",
                   "'",
                   "\"",
                   "/*",
                   "TRUNCATE $a, $b",
                   "COMMENT ON TABLE $t IS NULL",
                   "GRANT ALL ON $t TO app",
                   "BEGIN $x",
                   "COMMIT 'x",
                   "CREATE TABLE $t ()",
                   "SET x = 'y",
                   "EXPLAIN SELECT 'x"}) {
    INFO(sql);
    CHECK(error_of(*conn, sql).state == "42601");
  }
  CHECK(number_of(*conn, "SELECT 1") == 1);
}

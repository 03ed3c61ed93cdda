// What caf_pool_ctl prints of values that others chose.

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/private_postgres.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <string>

using namespace caf_pool;
using namespace caf_pool::test;
using json = nlohmann::json;

namespace {

/// Whether a terminal would show each character and obey none.
bool is_plain(const std::string& text) {
  for (auto c : text)
    if ((c < ' ' && c >= 0 && c != '\n') || c == 0x7f)
      return false;
  return text.find("\xc2\x9b") == text.npos
         && text.find("\xe2\x80\xae") == text.npos;
}

std::string table_of(const running_node& x, const std::string& sql) {
  auto done = x.ctl({"exec", "main", sql});
  CAPTURE(sql, done.err);
  CHECK(done.status == 0);
  CHECK(is_plain(done.out));
  return done.out;
}

json json_of(const running_node& x, const std::string& sql) {
  auto done = x.ctl({"--json", "exec", "main", sql});
  CAPTURE(sql, done.err);
  CHECK(done.status == 0);
  CHECK(is_plain(done.out));
  return json::parse(done.out);
}

/// SQL for a character that nobody should write into a terminal.
std::string sql_char(int code) {
  return "char(" + std::to_string(code) + ")";
}

} // namespace

TEST_CASE("ctl sends no control character of a cell to the terminal",
          "[security-S7]") {
  running_node x;
  struct sample {
    int code;
    const char* shown;
  };
  for (auto& [code, shown] :
       {sample{7, "\\x07"}, sample{8, "\\x08"}, sample{9, "\\t"},
        sample{10, "\\n"}, sample{13, "\\r"}, sample{27, "\\x1b"},
        sample{127, "\\x7f"}, sample{133, "\\u0085"}, sample{155, "\\u009b"},
        sample{0xad, "\\u00ad"}, sample{0x200b, "\\u200b"},
        sample{0x200f, "\\u200f"}, sample{0x2028, "\\u2028"},
        sample{0x202e, "\\u202e"}, sample{0x2066, "\\u2066"},
        sample{0xfeff, "\\ufeff"}, sample{0xe0041, "\\U000e0041"}}) {
    auto sql = "SELECT 'a' || " + sql_char(code) + " || '[31mb' AS x";
    CHECK(table_of(x, sql)
          == std::string{"x\na"} + shown + "[31mb\n(1 rows)\n");
    auto cell = json_of(x, sql)["rows"][0][0].get<std::string>();
    CHECK(cell.starts_with("a"));
    CHECK(cell.ends_with("[31mb"));
    CHECK(cell.size() > std::string{"a[31mb"}.size());
  }
}

TEST_CASE("ctl shows characters of all scripts, and bytes that are none") {
  running_node x;
  auto text = std::string{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"};
  auto sql = "SELECT '" + text + "' AS x";
  CHECK(table_of(x, sql) == "x\n" + text + "\n(1 rows)\n");
  CHECK(json_of(x, sql)["rows"][0][0] == text);
  auto broken = "SELECT CAST(x'61ff62c3' AS TEXT) AS x";
  CHECK(table_of(x, broken) == "x\na\\xffb\\xc3\n(1 rows)\n");
  CHECK(json_of(x, broken)["rows"][0][0] == "a\\xffb\\xc3");
}

TEST_CASE("names of columns and errors are no way into the terminal, either",
          "[security-S7]") {
  running_node x;
  auto name = std::string{
    "a\x1b[2J\xe2\x80\xae"
    "b"};
  auto rows = x.ctl({"exec", "main", "SELECT 1 AS \"" + name + "\""});
  CHECK(rows.status == 0);
  CHECK_THAT(rows.out, StartsWith("a\\x1b[2J\\u202eb\n"));
  auto failed = x.ctl({"exec", "main", "SELECT [" + name + "\n]"});
  CHECK(failed.status == 1);
  CHECK(is_plain(failed.err));
  CHECK_THAT(failed.err, ContainsSubstring("a\\x1b[2J\\u202eb"));
  for (auto& view : {"leases", "health", "pools", "connections"}) {
    auto missing = x.ctl({view, name});
    CHECK(missing.status != 0);
    CHECK(is_plain(missing.err));
  }
  auto json_error = x.ctl({"--json", "pools", name});
  CHECK(is_plain(json_error.err));
  CHECK(json::parse(json_error.err).contains("error"));
}

TEST_CASE("an error of several lines cannot look like two errors") {
  running_node x;
  auto failed = x.ctl({"exec", "main", "SELECT [\ncaf_pool_ctl: all is well]"});
  CHECK(failed.status == 1);
  CHECK(failed.err.find("\ncaf_pool_ctl:") == std::string::npos);
}

TEST_CASE("ctl tells NULL, nothing, and text that looks like either apart") {
  running_node x;
  auto out = table_of(x,
                      "SELECT NULL AS a, '' AS b, 'NULL' AS c, x'' AS d, "
                      "'\\xff' AS e, x'00ff' AS f, ' x' AS g, '''' AS h");
  CHECK(out
        == "a     b   c       d   e       f       g     h\n"
           "NULL  ''  'NULL'  \\x  '\\xff'  \\x00ff  ' x'  ''''\n(1 rows)\n");
  auto rows = json_of(x, "SELECT NULL, '', x'', x'00ff', 'NULL'")["rows"];
  CHECK(rows == json::parse(R"([[null, "", "\\x", "\\x00ff", "NULL"]])"));
}

TEST_CASE("ctl loses no digit and no special number") {
  running_node x;
  auto sql
    = "SELECT 9223372036854775807 AS a, -9223372036854775808 AS b, "
      "0.1 AS c, 9e999 AS d, -9e999 AS e";
  auto rows = json_of(x, sql)["rows"][0];
  CHECK(rows[0] == 9223372036854775807);
  CHECK(rows[1] == std::numeric_limits<std::int64_t>::min());
  CHECK(rows[2] == 0.1);
  CHECK(rows[3] == "Infinity");
  CHECK(rows[4] == "-Infinity");
  auto table = table_of(x, sql);
  CHECK_THAT(table, ContainsSubstring("9223372036854775807"));
  CHECK_THAT(table, ContainsSubstring(" Infinity"));
  CHECK_THAT(table, ContainsSubstring("-Infinity"));
}

TEST_CASE("ctl shows what PostgreSQL has and SQLite has not") {
  auto port = std::to_string(private_postgres::shared().port());
  running_node x{
    "[pools.main]\nbackend = \"postgres\"\nmax_size = 2\n"
    "[pools.main.postgres]\nhost = \"127.0.0.1\"\nuser = \"app\"\n"
    "database = \"app\"\nport = "
    + port + "\n"};
  CHECK(json_of(x, "SELECT 'NaN'::float8")["rows"][0][0] == "NaN");
  CHECK_THAT(table_of(x, "SELECT 'NaN'::float8 AS x"),
             ContainsSubstring("NaN\n"));
  CHECK(json_of(x, "SELECT '\\x00ff'::bytea")["rows"][0][0] == "\\x00ff");
  CHECK(table_of(x, "SELECT FROM generate_series(1, 3)") == "(3 rows)\n");
}

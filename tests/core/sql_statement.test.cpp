#include "caf_pool/core/sql_statement.hpp"

#include "support/catch_compat.hpp"

#include <limits>

using namespace caf_pool;

TEST_CASE("a statement is made from text alone") {
  sql_statement x = "SELECT 1";
  CHECK(x.text == "SELECT 1");
  CHECK(x.parameters.empty());
}

TEST_CASE("a statement takes parameters as the caller has them") {
  sql_statement x{"INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6, $7)",
                  {nullptr, true, 7, 2.5, "text", std::string_view{"view"},
                   blob{std::byte{1}}}};
  REQUIRE(x.parameters.size() == 7);
  CHECK(x.parameters[0] == sql_value{sql_null{}});
  CHECK(x.parameters[1] == sql_value{true});
  CHECK(x.parameters[2] == sql_value{std::int64_t{7}});
  CHECK(x.parameters[3] == sql_value{2.5});
  CHECK(x.parameters[4] == sql_value{std::string{"text"}});
  CHECK(x.parameters[5] == sql_value{std::string{"view"}});
  CHECK(x.parameters[6] == sql_value{blob{std::byte{1}}});
}

TEST_CASE("integers of every width keep their value") {
  auto lowest = std::numeric_limits<std::int64_t>::min();
  CHECK(sql_parameter{lowest}.value == sql_value{lowest});
  CHECK(sql_parameter{std::uint16_t{65535}}.value
        == sql_value{std::int64_t{65535}});
  auto most = std::numeric_limits<std::int64_t>::max();
  CHECK(sql_parameter{static_cast<std::uint64_t>(most)}.value
        == sql_value{most});
}

TEST_CASE("an integer beyond 63 bits keeps its value, too") {
  auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(sql_parameter{most}.value == sql_value{most});
  auto first = std::uint64_t{1} << 63;
  CHECK(sql_parameter{first}.value == sql_value{first});
}

TEST_CASE("an optional parameter is its value or NULL") {
  CHECK(sql_parameter{std::optional<int>{}}.value == sql_value{sql_null{}});
  CHECK(sql_parameter{std::optional<int>{7}}.value
        == sql_value{std::int64_t{7}});
  CHECK(sql_parameter{std::optional<std::string>{"x"}}.value
        == sql_value{std::string{"x"}});
  CHECK(sql_parameter{std::nullopt}.value == sql_value{sql_null{}});
  const char* nowhere = nullptr;
  CHECK(sql_parameter{nowhere}.value == sql_value{sql_null{}});
}

TEST_CASE("a float keeps its value") {
  CHECK(sql_parameter{0.1F}.value == sql_value{static_cast<double>(0.1F)});
}

TEST_CASE("the order of a value's alternatives is pinned: it travels") {
  CHECK(sql_value{sql_null{}}.index() == 0);
  CHECK(sql_value{true}.index() == 1);
  CHECK(sql_value{std::int64_t{1}}.index() == 2);
  CHECK(sql_value{1.0}.index() == 3);
  CHECK(sql_value{std::string{}}.index() == 4);
  CHECK(sql_value{blob{}}.index() == 5);
  CHECK(sql_value{std::uint64_t{1}}.index() == 6);
}

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
  CHECK(sql_parameter{'a'}.value == sql_value{std::int64_t{97}});
}

TEST_CASE("the order of a value's alternatives is pinned: it travels") {
  CHECK(sql_value{sql_null{}}.index() == 0);
  CHECK(sql_value{true}.index() == 1);
  CHECK(sql_value{std::int64_t{1}}.index() == 2);
  CHECK(sql_value{1.0}.index() == 3);
  CHECK(sql_value{std::string{}}.index() == 4);
  CHECK(sql_value{blob{}}.index() == 5);
}

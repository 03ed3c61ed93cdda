#include "caf_pool/core/sql_result.hpp"

#include "caf_pool/core/error.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <string>

using namespace caf_pool;

namespace {

sql_result two_rows() {
  sql_result x;
  x.columns = {"id", "name"};
  x.cells = {std::int64_t{1}, std::string{"ann"}, std::int64_t{2}, sql_null{}};
  return x;
}

template <class T>
std::optional<T> read(sql_value x) {
  return sql_cell{x}.get<T>();
}

} // namespace

TEST_CASE("a result is walked row by row and read by name or number") {
  auto rows = two_rows();
  REQUIRE(rows.size() == 2);
  std::int64_t sum = 0;
  for (auto row : rows)
    sum += row["id"].as<std::int64_t>();
  CHECK(sum == 3);
  CHECK(rows[0][1].as<std::string>() == "ann");
  CHECK(rows[1]["name"].is_null());
  CHECK(rows[1].index() == 1);
  CHECK(rows[1].size() == 2);
}

TEST_CASE("a result of no columns has the rows that were counted") {
  sql_result x;
  x.affected = 3;
  CHECK(x.empty());
  CHECK(x.begin() == x.end());
  x.bare_rows = 2;
  CHECK(x.size() == 2);
  CHECK(x[1].size() == 0);
  std::size_t seen = 0;
  for (auto row : x)
    seen += row.index() + 1;
  CHECK(seen == 3);
  x.bare_rows = 0;
  x.columns = {"id"};
  CHECK(x.empty());
}

TEST_CASE("a wrong row or column is an error with the number or name") {
  auto rows = two_rows();
  CHECK_THROWS_WITH(rows[2], ContainsSubstring("no row 2 in a result of 2"));
  CHECK_THROWS_WITH(rows[0][2], ContainsSubstring("no column 2"));
  CHECK_THROWS_WITH(rows[0]["nme"], ContainsSubstring("\"nme\""));
  CHECK_THROWS_AS(rows[0]["nme"], pool_error);
  CHECK(rows.column("name") == 1u);
  CHECK(rows.column("nme") == std::nullopt);
}

TEST_CASE("cells convert when nothing is lost") {
  CHECK(read<double>(std::int64_t{2}) == 2.0);
  CHECK(read<std::string>(std::int64_t{-5}) == "-5");
  CHECK(read<std::string>(true) == "true");
  CHECK(read<std::string>(0.5) == "0.5");
  CHECK(read<std::int64_t>(std::string{"17"}) == 17);
  CHECK(read<int>(std::int64_t{17}) == 17);
  CHECK(read<bool>(std::int64_t{0}) == false);
  CHECK(read<std::int64_t>(true) == 1);
  CHECK(read<double>(std::string{"1e3"}) == 1000.0);
  CHECK(read<blob>(blob{std::byte{7}}) == blob{std::byte{7}});
  CHECK(read<std::int64_t>(4.0) == 4);
  CHECK(read<std::uint64_t>(std::numeric_limits<std::uint64_t>::max())
        == std::numeric_limits<std::uint64_t>::max());
  CHECK(read<std::uint8_t>(std::int64_t{255}) == 255);
  CHECK(read<double>(std::int64_t{1} << 53) == 9007199254740992.0);
  CHECK(read<double>(std::string{"0.10"}) == 0.1);
  CHECK(read<double>(std::string{"-12.50e-3"}) == -0.0125);
  CHECK(read<float>(0.1) == 0.1F);
  CHECK(read<std::string>(std::numeric_limits<std::uint64_t>::max())
        == "18446744073709551615");
  CHECK(read<std::string>(blob{std::byte{'a'}, std::byte{0}})
        == std::string{"a\0", 2});
}

TEST_CASE("cells that would lose something yield no value") {
  CHECK(read<std::int64_t>(2.5) == std::nullopt);
  CHECK(read<int>(std::int64_t{1} << 40) == std::nullopt);
  CHECK(read<int>(-(std::int64_t{1} << 40)) == std::nullopt);
  CHECK(read<std::int64_t>(std::string{"17x"}) == std::nullopt);
  CHECK(read<std::int64_t>(std::string{}) == std::nullopt);
  CHECK(read<bool>(std::string{"true"}) == std::nullopt);
  CHECK(read<double>(blob{}) == std::nullopt);
  CHECK(read<bool>(std::int64_t{2}) == std::nullopt);
  CHECK(read<double>((std::int64_t{1} << 53) + 1) == std::nullopt);
  CHECK(read<double>(std::numeric_limits<std::int64_t>::max()) == std::nullopt);
  CHECK(read<double>(std::numeric_limits<std::uint64_t>::max())
        == std::nullopt);
  CHECK(read<double>(std::string{"0.1234567890123456789"}) == std::nullopt);
  CHECK(read<double>(std::string{"1e400"}) == std::nullopt);
  CHECK(read<float>(0.123456789) == std::nullopt);
  CHECK(read<float>(1e300) == std::nullopt);
  CHECK(read<std::uint64_t>(std::int64_t{-1}) == std::nullopt);
  CHECK(read<std::int8_t>(std::int64_t{128}) == std::nullopt);
  CHECK(read<std::int64_t>(9223372036854775808.0) == std::nullopt);
  CHECK(read<std::int64_t>(std::numeric_limits<std::uint64_t>::max())
        == std::nullopt);
  CHECK(read<blob>(std::string{"a"}) == std::nullopt);
  CHECK(read<std::string>(sql_null{}) == std::nullopt);
}

TEST_CASE("reading NULL or another type by force says what to do") {
  sql_value null;
  sql_value text = std::string{"x"};
  CHECK_THROWS_WITH(sql_cell{null}.as<int>(), ContainsSubstring("use get()"));
  CHECK_THROWS_WITH(sql_cell{text}.as<int>(),
                    ContainsSubstring("another type"));
}

TEST_CASE("a number that does not fit says which and why") {
  auto says = [](sql_value x, auto wanted, const char* why) {
    CHECK_THROWS_WITH(sql_cell{x}.as<decltype(wanted)>(),
                      ContainsSubstring(why));
  };
  says(std::int64_t{2147483648}, int{}, "2147483648, which is too large for");
  says(std::int64_t{-1}, std::uint16_t{}, "too small for an unsigned 16-bit");
  says(std::string{"99999999999999999999"}, std::int64_t{}, "too large");
  says(2.5, int{}, "not whole");
  says(std::int64_t{9007199254740993}, double{}, "not exact as a double");
  says(0.123456789, float{}, "not exact as a float");
  says(std::int64_t{2}, bool{}, "neither 0 nor 1");
}

TEST_CASE("decimals are read as double only if their digits come back") {
  CHECK(rc::check([](double x) {
    if (!std::isfinite(x))
      return;
    sql_value text = sql_cell{sql_value{x}}.as<std::string>();
    RC_ASSERT(sql_cell{text}.get<double>() == x);
    // One digit more than the shortest text has.
    auto longer = std::get<std::string>(text);
    if (longer.find('e') != longer.npos)
      return;
    longer += longer.find('.') == longer.npos ? ".0" : "0";
    RC_ASSERT(sql_cell{sql_value{longer}}.get<double>() == x);
    if (longer.size() > 20) {
      longer += '1';
      RC_ASSERT(sql_cell{sql_value{longer}}.get<double>() == std::nullopt);
    }
  }));
}

TEST_CASE("the size of a value counts its text and bytes") {
  auto empty = byte_size(sql_null{});
  CHECK(empty >= sizeof(sql_value));
  CHECK(byte_size(std::string(10, 'x')) == empty); // inside the value
  CHECK(byte_size(std::string(1000, 'x')) >= empty + 1000);
  CHECK(byte_size(std::string(1000, 'x')) < empty + 1100);
  CHECK(byte_size(blob(500)) >= empty + 500);
  CHECK(byte_size(blob(500)) < empty + 600);
}

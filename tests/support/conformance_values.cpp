#include "support/conformance_bench.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace caf_pool::test {

namespace {

template <class T>
using limits = std::numeric_limits<T>;

std::vector<sql_value> extremes() {
  auto bytes = blob{};
  for (int i = 0; i < 256; ++i)
    bytes.push_back(static_cast<std::byte>(i));
  return {
    sql_null{},
    true,
    false,
    std::int64_t{0},
    std::int64_t{-1},
    std::int64_t{9007199254740993},
    limits<std::int64_t>::min(),
    limits<std::int64_t>::max(),
    std::uint64_t{1} << 63,
    limits<std::uint64_t>::max(),
    0.0,
    -0.0,
    0.1,
    -1.5e-7,
    limits<double>::min(),
    limits<double>::max(),
    limits<double>::lowest(),
    limits<double>::denorm_min(),
    limits<double>::epsilon(),
    limits<double>::infinity(),
    -limits<double>::infinity(),
    limits<double>::quiet_NaN(),
    std::string{},
    std::string{" "},
    std::string{"NULL"},
    std::string{"\\x00"},
    std::string{"'\"\\`$1?\r\n\t\x01\x7f"},
    std::string{"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\x98"},
    std::string{"a\0b", 3},
    std::string(100'000, 'x'),
    blob{},
    blob{std::byte{0}},
    std::move(bytes),
  };
}

/// Tells whether a cell is what was bound, to the last bit.
struct same_as {
  sql_cell cell;

  bool operator()(sql_null) const {
    return cell.is_null();
  }

  bool operator()(double x) const {
    auto y = cell.get<double>();
    return y
           && (std::isnan(x) ? std::isnan(*y)
                             : std::bit_cast<std::uint64_t>(x)
                                 == std::bit_cast<std::uint64_t>(*y));
  }

  template <class T>
  bool operator()(const T& x) const {
    return cell.get<T>() == x;
  }
};

std::string text_of(const sql_value& x) {
  auto text = sql_cell{x}.get<std::string>();
  return "type " + std::to_string(x.index()) + ", "
         + (text ? text->substr(0, 40) : std::string{"no text"});
}

} // namespace

void check_extremes(bench& env) {
  SECTION("the extremes of every type come back exactly, or are refused") {
    if (!env.spec().echo_value)
      return;
    auto conn = env.open();
    for (auto& value : extremes()) {
      INFO(text_of(value));
      auto rows = env.run(*conn, env.spec().echo_value(value));
      auto refused = env.spec().refuses && env.spec().refuses(value);
      CHECK(rows.has_value() == !refused);
      if (rows) {
        REQUIRE(rows->size() == 1);
        CHECK(std::visit(same_as{(*rows)[0][0]}, value));
      } else {
        auto& why = rows.error();
        INFO(to_string(why));
        CHECK((why.code == errc::invalid_argument
               || why.code == errc::execute_failed));
        CHECK_FALSE(why.message.empty());
        env.works(*conn);
      }
      env.left_nothing(*conn);
    }
  }
  SECTION("rows of no columns are counted") {
    if (!bench::has(env.spec().three_bare_rows))
      return;
    auto rows = env.ok(*env.open(), env.spec().three_bare_rows);
    CHECK(rows.columns.empty());
    CHECK(rows.size() == 3);
  }
}

} // namespace caf_pool::test

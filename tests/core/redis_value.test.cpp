#include "caf_pool/core/redis_value.hpp"

#include "caf_pool/core/redis_reading.hpp"

#include "support/catch_compat.hpp"
#include "support/outcome.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using form = redis_array::form;

redis_value text(std::string x) {
  return {std::move(x)};
}

redis_value number(std::int64_t x) {
  return {x};
}

redis_value list(std::vector<redis_value> xs, form as = form::array) {
  return {redis_array{std::move(xs), as}};
}

const redis_value nil;
const redis_value ok{redis_status{"OK"}};
const redis_value failed{redis_failure{"ERR no"}};
const redis_value real{1.5};
const redis_value yes{true};

template <class T>
void check_reads(const redis_value& from, const T& expected) {
  INFO(to_string(from));
  auto got = from.as<T>();
  REQUIRE(got);
  CHECK(*got == expected);
}

template <class T>
void check_refuses(const std::vector<redis_value>& all) {
  for (auto& x : all) {
    INFO(to_string(x));
    CHECK(code_of(x.as<T>()) == errc::invalid_argument);
  }
}

} // namespace

TEST_CASE("replies are read as numbers") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  check_reads<std::int64_t>(number(most), most);
  check_reads<std::int64_t>(text("-9223372036854775808"), -most - 1);
  check_reads<std::int64_t>(yes, 1);
  check_refuses<std::int64_t>({nil, ok, failed, real, text(""), text("1x"),
                               text(" 1"), text("1.0"),
                               text("9223372036854775808"), list({number(1)})});
  check_reads<double>(real, 1.5);
  check_reads<double>(text("-2.5e3"), -2500.0);
  check_reads<double>(number(-7), -7.0);
  check_reads<double>(text("inf"), std::numeric_limits<double>::infinity());
  CHECK(std::isnan(text("nan").as<double>().value()));
  // No integer loses digits.
  check_reads<double>(number(std::int64_t{1} << 53), 9007199254740992.0);
  check_refuses<double>({nil, ok, failed, yes, text(""), text("1,5"),
                         number((std::int64_t{1} << 53) + 1), number(most),
                         number(-most - 1), list({})});
}

TEST_CASE("replies are read as integers of every size") {
  check_reads<int>(number(-7), -7);
  check_reads<std::uint8_t>(text("255"), 255);
  check_reads<long long>(number(5), 5);
  check_reads<std::uint64_t>(text("18446744073709551615"),
                             std::numeric_limits<std::uint64_t>::max());
  check_reads<std::optional<std::uint16_t>>(number(65'535), 65'535);
  check_refuses<int>({number(1LL << 31), text("2147483648"), real, nil, ok});
  check_refuses<std::uint8_t>({number(-1), number(256), text("-1")});
  check_refuses<std::uint64_t>({number(-1), text("18446744073709551616")});
  CHECK_THAT(number(256).as<std::uint8_t>().error().message,
             ContainsSubstring("from 0 to 255"));
  check_reads<float>(text("0.5"), 0.5F);
}

TEST_CASE("replies are read as truths and texts") {
  check_reads<bool>(yes, true);
  check_reads<bool>(number(0), false);
  check_reads<bool>(number(1), true);
  check_reads<bool>(ok, true);
  check_refuses<bool>({nil, number(2), number(-1), text("1"), text("OK"), real,
                       failed, list({})});
  check_reads<std::string>(text(std::string{"a\0b", 3}),
                           std::string{"a\0b", 3});
  check_reads<std::string>(ok, "OK");
  check_reads<std::string>(number(-5), "-5");
  check_reads<std::string>(real, "1.5");
  check_refuses<std::string>({nil, failed, yes, list({})});
  using bytes = std::vector<std::byte>;
  check_reads(text(std::string{"\0\xff", 2}),
              bytes{std::byte{0}, std::byte{255}});
  check_reads(text(""), bytes{});
  check_refuses<bytes>({nil, number(1), failed, list({})});
}

TEST_CASE("what may be missing is read as an optional") {
  check_reads<std::optional<std::string>>(nil, std::nullopt);
  check_reads<std::optional<std::string>>(text(""), "");
  check_refuses<std::optional<std::int64_t>>({text("x"), failed});
  CHECK_THAT(nil.as<std::string>().error().message,
             ContainsSubstring("std::optional"));
}

TEST_CASE("replies are read as lists and tuples") {
  using numbers = std::vector<std::int64_t>;
  check_reads(list({number(1), text("2")}), numbers{1, 2});
  check_reads(list({}, form::set), numbers{});
  check_refuses<numbers>({nil, number(1), list({nil}), list({failed})});
  using maybe = std::vector<std::optional<std::string>>;
  check_reads(list({nil, text("a")}), maybe{std::nullopt, "a"});
  using pair = std::pair<std::string, double>;
  check_reads(list({text("a"), text("0.5")}), pair{"a", 0.5});
  check_refuses<pair>({list({text("a")}), list({text("a"), real, real}),
                       list({nil, real}), list({text("a"), nil}), nil});
  using three = std::tuple<std::int64_t, bool, numbers>;
  check_reads(list({number(1), yes, list({number(2)})}), three{1, true, {2}});
  using scan = std::pair<std::string, std::vector<std::string>>;
  check_reads(list({text("0"), list({text("k")})}), scan{"0", {"k"}});
}

TEST_CASE("replies are read as maps, whatever form they came in") {
  using map = std::map<std::string, std::int64_t>;
  auto expected = map{{"a", 1}, {"b", 2}};
  check_reads(list({text("a"), number(1), text("b"), text("2")}), expected);
  check_reads(list({text("a"), number(1), text("b"), text("2")}, form::map),
              expected);
  check_reads(
    list({list({text("a"), number(1)}), list({text("b"), number(2)})}),
    expected);
  check_reads(list({}), map{});
  // The later one of equal keys counts.
  check_reads(list({text("a"), number(1), text("a"), number(2)}),
              map{{"a", 2}});
  check_refuses<map>({nil, text("a"), list({text("a")}),
                      list({text("a"), text("x")}), list({nil, number(1)}),
                      list({list({text("a"), number(1)}), text("b")})});
}

TEST_CASE("a value is shown in one line") {
  CHECK(to_string(nil) == "(nil)");
  CHECK(to_string(number(-1)) == "-1");
  CHECK(to_string(real) == "1.5");
  CHECK(to_string(redis_value{std::nan("")}) == "nan");
  CHECK(to_string(yes) == "true");
  CHECK(to_string(redis_value{false}) == "false");
  CHECK(to_string(ok) == "OK");
  CHECK(to_string(failed) == "(error) ERR no");
  CHECK(to_string(text("a\"b\\\n\r\t\x01\xff")) == R"("a\"b\\\n\r\t\x01\xff")");
  CHECK(to_string(list({})) == "[]");
  CHECK(to_string(list({nil, list({number(1)}, form::set)})) == "[(nil), [1]]");
  CHECK(to_string(list({text("a"), number(1), text("b"), nil}, form::map))
        == R"({"a": 1, "b": (nil)})");
}

TEST_CASE("values are equal if kind and content are") {
  CHECK(text("OK") != ok);
  CHECK(number(1) != yes);
  CHECK(list({}) != list({}, form::map));
  CHECK(list({number(1)}) == list({number(1)}));
  CHECK(redis_replies{{nil}, false} != redis_replies{{nil}, true});
  CHECK(text("a").text() == "a");
  CHECK_FALSE(number(1).text());
  CHECK(number(1).array() == nullptr);
}

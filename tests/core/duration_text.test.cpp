#include "caf_pool/core/duration_text.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <cstdint>
#include <string>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

duration parsed(std::string_view str) {
  auto x = parse_duration(str);
  INFO(str);
  REQUIRE(x);
  return *x;
}

std::string refused(std::string_view str) {
  auto x = parse_duration(str);
  INFO(str);
  REQUIRE_FALSE(x);
  CHECK(x.error().code == errc::invalid_argument);
  return x.error().message;
}

} // namespace

TEST_CASE("a duration is a number with a unit") {
  CHECK(parsed("250ms") == 250ms);
  CHECK(parsed("1.5s") == 1500ms);
  CHECK(parsed("2min") == 2min);
  CHECK(parsed("1h") == 1h);
  CHECK(parsed("90us") == 90us);
  CHECK(parsed("5ns") == 5ns);
  CHECK(parsed("1d") == 24h);
  CHECK(parsed("0") == 0s);
  CHECK(parsed("0s") == 0s);
  CHECK(parsed("0.25d") == 6h);
  CHECK(parsed("1.000000001s") == 1'000'000'001ns);
  CHECK(parsed("0001.50s") == 1500ms);
  CHECK(parsed("-3s") == -3s);
}

TEST_CASE("what is no duration is refused with an example") {
  CHECK_THAT(refused("30"), ContainsSubstring("the unit is missing"));
  CHECK_THAT(refused("30"), ContainsSubstring("\"250ms\""));
  CHECK_THAT(refused("00"), ContainsSubstring("the unit is missing"));
  CHECK_THAT(refused("30m"), ContainsSubstring("d, h, min, s, ms, us"));
  CHECK_THAT(refused("30 s"), ContainsSubstring("the unit is unknown"));
  CHECK_THAT(refused(""), ContainsSubstring("begin with a number"));
  CHECK_THAT(refused("s"), ContainsSubstring("begin with a number"));
  CHECK_THAT(refused(".5s"), ContainsSubstring("begin with a number"));
  CHECK_THAT(refused("5.s"), ContainsSubstring("digits are missing"));
  CHECK_THAT(refused("0.5ns"), ContainsSubstring("finer than a nanosecond"));
  CHECK_THAT(refused("1e3s"), ContainsSubstring("the unit is unknown"));
  CHECK_THAT(refused("1s2ms"), ContainsSubstring("the unit is unknown"));
  CHECK_THAT(refused("-"), ContainsSubstring("begin with a number"));
  CHECK_THAT(refused("--1s"), ContainsSubstring("begin with a number"));
}

TEST_CASE("a duration that does not fit is refused, not wrapped around") {
  CHECK(parsed("106751d") == 106751 * 24h);
  CHECK_THAT(refused("106752d"), ContainsSubstring("too long"));
  CHECK_THAT(refused("99999999999999999999ns"), ContainsSubstring("too long"));
  CHECK_THAT(refused("18446744073709551617ns"), ContainsSubstring("too long"));
  CHECK_THAT(refused("106751.9999d"), ContainsSubstring("too long"));
  CHECK(parsed("9223372036854775807ns") == duration::max());
}

TEST_CASE("a long text is cut in the error") {
  CHECK(refused(std::string(100'000, 'x')).size() < 250);
}

TEST_CASE("a duration is rendered in the largest unit without a fraction") {
  CHECK(to_text(0s) == "0s");
  CHECK(to_text(250ms) == "250ms");
  CHECK(to_text(1500ms) == "1500ms");
  CHECK(to_text(60s) == "1min");
  CHECK(to_text(90s) == "90s");
  CHECK(to_text(3600s) == "1h");
  CHECK(to_text(24h) == "1d");
  CHECK(to_text(-5us) == "-5us");
  CHECK(to_text(duration::max()) == "9223372036854775807ns");
  CHECK(to_text(duration::min()) == "-9223372036854775808ns");
}

TEST_CASE("what is rendered parses to the same duration") {
  CHECK(rc::check("any duration but the smallest", [](std::int64_t n) {
    RC_PRE(n != std::numeric_limits<std::int64_t>::min());
    auto x = duration{n};
    auto y = parse_duration(to_text(x));
    RC_ASSERT(y.has_value());
    RC_ASSERT(*y == x);
  }));
  CHECK(rc::check("round numbers of each unit", [] {
    auto unit = *rc::gen::element<duration>(1ns, 1us, 1ms, 1s, 1min, 1h, 24h);
    auto x = *rc::gen::inRange(0, 10'000) * unit;
    auto y = parse_duration(to_text(x));
    RC_ASSERT(y.has_value());
    RC_ASSERT(*y == x);
  }));
}

TEST_CASE("a fraction means the same as the smaller unit") {
  CHECK(rc::check([] {
    auto whole = *rc::gen::inRange(0, 1000);
    auto part = *rc::gen::inRange(0, 1000);
    auto digits = std::to_string(1000 + part).substr(1);
    auto x = parse_duration(std::to_string(whole) + '.' + digits + 's');
    RC_ASSERT(x.has_value());
    RC_ASSERT(*x
              == std::chrono::seconds{whole} + std::chrono::milliseconds{part});
  }));
}

TEST_CASE("any text at all is parsed or refused") {
  CHECK(rc::check([](const std::string& str) {
    if (auto x = parse_duration(str))
      RC_ASSERT(parse_duration(to_text(*x)).has_value());
  }));
}

TEST_CASE("a duration for people has three digits at most") {
  CHECK(to_rough_text(0s) == "0s");
  CHECK(to_rough_text(1250ms) == "1.25s");
  CHECK(to_rough_text(1254ms) == "1.25s");
  CHECK(to_rough_text(1255ms) == "1.26s");
  CHECK(to_rough_text(12'340us) == "12.3ms");
  CHECK(to_rough_text(123'456ns) == "123us");
  CHECK(to_rough_text(1s) == "1s");
  CHECK(to_rough_text(1050ms) == "1.05s");
  CHECK(to_rough_text(30s) == "30s");
  CHECK(to_rough_text(90s) == "1.5min");
  CHECK(to_rough_text(-1500us) == "-1.5ms");
  CHECK(to_rough_text(100 * 24h) == "100d");
}

TEST_CASE("rounding up reaches the next unit") {
  CHECK(to_rough_text(999'999us) == "1s");
  CHECK(to_rough_text(59'990ms) == "1min");
  CHECK(to_rough_text(9'996us) == "10ms");
  CHECK(to_rough_text(99'960us) == "100ms");
  CHECK(to_rough_text(23h + 59min + 59s) == "1d");
}

TEST_CASE("a rough duration is within half a percent and short") {
  CHECK(rc::check([](std::int64_t n) {
    RC_PRE(n != std::numeric_limits<std::int64_t>::min());
    auto text = to_rough_text(duration{n});
    RC_ASSERT(text.size() <= 10u);
    auto back = parse_duration(text);
    RC_ASSERT(back.has_value());
    auto off = static_cast<double>(back->count()) - static_cast<double>(n);
    RC_ASSERT(std::abs(off) <= std::abs(static_cast<double>(n)) * 0.00501);
  }));
}

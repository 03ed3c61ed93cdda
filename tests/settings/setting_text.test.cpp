#include "caf_pool/settings/setting_text.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

template <class T>
void check_round_trip() {
  CHECK(rc::check([](T x) {
    auto y = parse_setting<T>(to_setting_text(x));
    RC_ASSERT(y.has_value());
    RC_ASSERT(*y == x);
  }));
}

} // namespace

TEST_CASE("every value of a setting parses from what it is rendered as") {
  check_round_trip<bool>();
  check_round_trip<std::uint16_t>();
  check_round_trip<std::uint32_t>();
  check_round_trip<std::uint64_t>();
  check_round_trip<double>();
  check_round_trip<std::string>();
  for (auto x : {hand_out_order::lifo, hand_out_order::fifo})
    CHECK(*parse_setting<hand_out_order>(to_setting_text(x)) == x);
  for (auto x : {reset_policy::none, reset_policy::transaction,
                 reset_policy::automatic, reset_policy::full})
    CHECK(*parse_setting<reset_policy>(to_setting_text(x)) == x);
  for (auto x : {warm_up_policy::none, warm_up_policy::to_min})
    CHECK(*parse_setting<warm_up_policy>(to_setting_text(x)) == x);
  CHECK(*parse_setting<duration>(to_setting_text(duration{1500ms})) == 1500ms);
}

TEST_CASE("a fraction is never rendered like a whole number") {
  CHECK(to_setting_text(2.0) == "2.0");
  CHECK(to_setting_text(-3.0) == "-3.0");
  CHECK(to_setting_text(2.5) == "2.5");
}

TEST_CASE("switches take the words of people") {
  for (auto str : {"true", "yes", "on", "1"})
    CHECK(*parse_setting<bool>(str));
  for (auto str : {"false", "no", "off", "0"})
    CHECK_FALSE(*parse_setting<bool>(str));
  for (auto str : {"", "TRUE", "maybe", "2"})
    CHECK(parse_setting<bool>(str).error().message == "expects true or false");
}

TEST_CASE("numbers are whole, complete and fit") {
  CHECK(*parse_setting<std::uint32_t>("20") == 20);
  for (auto str : {"", "-1", "+1", "1.5", "20x", " 20", "0x10", "1_000"}) {
    CAPTURE(str);
    CHECK_THAT(parse_setting<std::uint32_t>(str).error().message,
               ContainsSubstring("a whole number such as 20"));
  }
  CHECK_THAT(parse_setting<std::uint32_t>("4294967296").error().message,
             ContainsSubstring("too large"));
  CHECK_THAT(parse_setting<std::uint16_t>("65536").error().message,
             ContainsSubstring("too large"));
  CHECK_FALSE(parse_setting<double>("2,5"));
}

TEST_CASE("an unknown choice is answered with the choices") {
  CHECK(parse_setting<hand_out_order>("random").error().message
        == "expects lifo or fifo");
  CHECK(parse_setting<reset_policy>("").error().message
        == "expects none, transaction, automatic or full");
}

TEST_CASE("ranges read like a sentence") {
  CHECK(range_text(setting<std::uint32_t>{"k", "d", 1, 10}) == "1 to 10");
  CHECK(range_text(setting<duration>{"k", "d", 1ms, 24h}) == "1ms to 1d");
  CHECK(range_text(setting<double>{"k", "d", 1, 10}) == "1.0 to 10.0");
  CHECK(range_text(setting<bool>{"k", "d"}) == "true or false");
  CHECK(range_text(setting<hand_out_order>{"k", "d"}) == "lifo or fifo");
  CHECK(range_text(setting<std::string>{"k", "d", {}}).empty());
}

TEST_CASE("every key of a pool is unique and has a sentence") {
  pool_config x;
  std::set<std::string_view> keys;
  for_each_setting(x, [&](const auto& setting, auto&) {
    CAPTURE(setting.key);
    CHECK(keys.insert(setting.key).second);
    REQUIRE_FALSE(setting.doc.empty());
    CHECK(setting.doc.back() == '.');
  });
  // The contract asks for more than 20 parameters (N21).
  CHECK(keys.size() > 20);
}

TEST_CASE("every key of a node is unique, dotted and has a sentence") {
  node_config x;
  std::set<std::string_view> keys;
  for_each_node_setting(x, [&](const auto& setting, auto&) {
    CAPTURE(setting.key);
    CHECK(keys.insert(setting.key).second);
    CHECK(setting.key.find('.') != std::string_view::npos);
    CHECK(setting.doc.back() == '.');
  });
  CHECK(keys.count("remote.port") == 1);
}

TEST_CASE("an enumerator out of range has no name") {
  CHECK(to_string(static_cast<reset_policy>(77)) == "unknown");
  CHECK(enum_from_string<reset_policy>("unknown") == std::nullopt);
}

#include "caf_pool/protocol/codec.hpp"

#include "caf_pool/protocol/codec_redis.hpp"

#include "samples.hpp"
#include "support/call_samples.hpp"
#include "support/catch_compat.hpp"

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

using results = std::vector<sql_result>;
using names = std::vector<std::string>;
using healths = std::vector<pool_health>;

namespace {

template <class T>
void check_round_trip(const T& x) {
  auto bytes = wire::encode(x);
  auto back = wire::decode<T>(bytes);
  REQUIRE(back);
  CHECK(*back == x);
  // Nothing less is accepted, and nothing more.
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (wire::decode<T>(std::string_view{bytes}.substr(0, i)))
      FAIL("accepted after " << i << " of " << bytes.size() << " bytes");
  CHECK(!wire::decode<T>(bytes + '\0'));
}

void check_order(const work& what) {
  auto now = clock::now();
  auto bytes = wire::encode({{}, what}, now);
  auto back = wire::decode_order(bytes, now);
  REQUIRE(back);
  CHECK(back->what == what);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (wire::decode_order(std::string_view{bytes}.substr(0, i), now))
      FAIL("accepted after " << i << " of " << bytes.size() << " bytes");
  CHECK(!wire::decode_order(bytes + '\0', now));
}

template <class T>
errc refusal(const std::string& bytes) {
  auto back = wire::decode<T>(bytes);
  return back ? errc::none : back.error().code;
}

} // namespace

TEST_CASE("work comes back as it went") {
  check_order(work{std::vector<sql_statement>{}});
  check_order("SELECT 1");
  check_order({{"INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)",
                {nullptr, true, std::numeric_limits<std::int64_t>::min(), 1.5,
                 "text", blob{std::byte{0}, std::byte{255}}}},
               {"", {std::numeric_limits<double>::infinity(), blob{}}}});
  check_order(opaque{"counter", std::string{"a\0b", 3}});
  random_source dice{1};
  for (auto i = 0; i < 200; ++i)
    check_order(random_statements(dice));
}

TEST_CASE("commands for Redis come back as they went") {
  check_order(redis_commands{});
  check_order(redis_command{"SET", std::string{"\r\n\0", 3}, "", 1.5});
  check_order(redis_command{"GET", "a"}.idempotent());
  random_source dice{3};
  for (auto i = 0; i < 200; ++i)
    check_order(random_commands(dice));
}

TEST_CASE("bytes that are no command are refused, wherever they stand",
          "[X04]") {
  auto bytes = wire::encode({{}, redis_command{"GET", "k"}}, clock::now());
  auto at = bytes.find("$3\r\nGET");
  REQUIRE(at != bytes.npos);
  REQUIRE(wire::decode_order(bytes, clock::now()));
  // The length of the text before it stays, that inside it does not fit.
  for (std::string_view lie :
       {"$2", "$4", "$9", "*3", "+3", "$-", "$x", "\n3"}) {
    auto other = bytes;
    other.replace(at, lie.size(), lie);
    INFO(lie);
    CHECK(!wire::decode_order(other, clock::now()));
  }
  // A line end that is none.
  for (std::size_t i : {2, 3, 7, 8}) {
    auto other = bytes;
    other[at + i] = ' ';
    CHECK(!wire::decode_order(other, clock::now()));
  }
  // A form that does not exist.
  auto other = wire::encode({{}, redis_commands{}}, clock::now());
  other[other.size() - 2] = 2;
  CHECK(!wire::decode_order(other, clock::now()));
}

TEST_CASE("replies of Redis come back as they went") {
  check_round_trip(outcome{redis_replies{}});
  random_source dice{4};
  for (auto i = 0; i < 200; ++i)
    check_round_trip(outcome{random_replies(dice)});
}

TEST_CASE("arrays inside each other are refused beyond a depth", "[X04]") {
  auto nested = [](int depth) {
    auto x = redis_value{};
    for (; depth > 0; --depth) {
      redis_array xs;
      xs.items.push_back(std::move(x));
      x = redis_value{std::move(xs)};
    }
    return outcome{redis_replies{{std::move(x)}, false}};
  };
  auto deepest = wire::encode(nested(wire::deepest_redis_value));
  check_round_trip(nested(wire::deepest_redis_value));
  auto deeper = wire::encode(nested(wire::deepest_redis_value + 1));
  CHECK(refusal<outcome>(deeper) == errc::protocol_mismatch);
  // A peer may claim any depth, and reading it must not need a stack for that.
  // The bytes are repeated, since a value of that depth needs one to be made.
  auto level = deeper.substr(deeper.find('\7'), deeper.size() - deepest.size());
  REQUIRE(level == std::string_view{"\7\0\1", 3});
  auto claim = std::string{};
  for (auto i = 0; i < 1'000'000; ++i)
    claim += level;
  deeper.insert(deeper.find('\7'), claim);
  CHECK(refusal<outcome>(deeper) == errc::protocol_mismatch);
}

TEST_CASE("a claim of many elements costs no memory", "[X04]") {
  auto bytes = wire::encode(outcome{redis_replies{
    {redis_value{redis_array{{redis_value{}, redis_value{}}}}}, false}});
  // The count of the array, before its two elements and "not partial".
  auto at = bytes.size() - 4;
  REQUIRE(bytes[at] == 2);
  bytes.replace(at, 1, "\xff\xff\xff\xff\x0f");
  CHECK(refusal<outcome>(bytes) == errc::protocol_mismatch);
}

TEST_CASE("every option of a call comes back as it went") {
  auto now = clock::now();
  auto how = full_options(now);
  auto back = wire::decode_order(wire::encode({how, {}}, now), now);
  REQUIRE(back);
  CHECK(back->how == how);
  // Each alone, so that none stands in for another.
  for (auto& alone : single_options(now)) {
    auto one = wire::decode_order(wire::encode({alone, {}}, now), now);
    REQUIRE(one);
    CHECK(one->how == alone);
  }
}

TEST_CASE("what is left of a time travels, because clocks differ") {
  auto here = clock::now();
  auto there = here + std::chrono::hours{24 * 365};
  auto how = call_options{};
  how.deadline = here + std::chrono::seconds{3};
  how.wait_until = here - std::chrono::seconds{1};
  auto back = wire::decode_order(wire::encode({how, {}}, here), there);
  REQUIRE(back);
  CHECK(back->how.deadline == there + std::chrono::seconds{3});
  CHECK(back->how.wait_until == there); // it is over
  how.wait_until = time_point::min();
  auto long_ago = wire::decode_order(wire::encode({how, {}}, here), there);
  REQUIRE(long_ago);
  CHECK(long_ago->how.wait_until == there);
}

TEST_CASE("outcomes come back as they went") {
  check_round_trip(outcome{});
  check_round_trip(outcome{opaque{"counter", "\x01"}});
  random_source dice{2};
  for (auto i = 0; i < 200; ++i)
    check_round_trip(outcome{random_results(dice)});
}

TEST_CASE("grants, operations and errors come back as they went") {
  check_round_trip(wire::grant{"t0ken", std::chrono::microseconds{7}});
  for (auto what = 1; what <= static_cast<int>(last_verb); ++what)
    check_round_trip(
      wire::operation{static_cast<verb>(what), std::chrono::seconds{1}});
  auto why = error{errc::outcome_unknown, "who knows", "08006"};
  auto bytes = wire::encode(why);
  CHECK(wire::holds(wire::content::failure, bytes));
  CHECK(wire::decode_error(bytes) == why);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    CHECK(wire::decode_error(bytes.substr(0, i)).code
          == errc::protocol_mismatch);
  // One that says nothing is none.
  CHECK(wire::decode_error(wire::encode(error{})).code
        == errc::protocol_mismatch);
  // A code of a later release.
  bytes[2] = 120;
  CHECK(wire::decode_error(bytes).code == errc::protocol_mismatch);
}

TEST_CASE("names, snapshots, health and events come back as they went") {
  check_round_trip(names{"a", "", "b"});
  check_round_trip(full_snapshot());
  check_round_trip(healths{});
  check_round_trip(healths{health_of(full_snapshot()), pool_health{}});
  for (auto kind = 1; kind <= static_cast<int>(last_event_kind); ++kind)
    check_round_trip(
      pool_event{static_cast<event_kind>(kind), "main", {77}, "text"});
}

TEST_CASE("an empty snapshot takes few bytes") {
  CHECK(wire::encode(pool_snapshot{}).size() < 100);
  CHECK(wire::encode(full_snapshot()).size() < 1000);
}

TEST_CASE("the encoding of a version is the same for ever") {
  auto now = clock::now();
  auto how = call_options{};
  how.deadline = now + std::chrono::microseconds{5};
  how.priority = 3;
  how.read_only = true;
  how.holder = "me";
  CHECK(wire::encode({how, {{"ab", {7, nullptr, "x"}}}}, now)
        == std::string{"\x03\x07\x00\x06\x00\x00\x03\x00\x02\x02me\x00\x01\x02"
                       "ab\x03\x02\x0e\x00\x04\x01x",
                       24});
  results rows(1);
  rows[0].columns = {"n"};
  rows[0].cells = {true, blob{std::byte{9}}};
  rows[0].affected = 300;
  CHECK(
    wire::encode(outcome{rows})
    == std::string{"\x03\x08\x00\x01\x01\x01n\x02\x01\x01\x05\x01\x09\xac\x02"
                   "\x00\x00",
                   17});
  CHECK(wire::encode(names{"pg"}) == "\x03\x03\x01\x02pg");
}

TEST_CASE("what a later version says of a call is not read past", "[X04]") {
  auto now = clock::now();
  auto how = call_options{};
  how.read_only = true;
  how.holder = "me";
  auto bytes = wire::encode({how, {"SELECT 1"}}, now);
  auto flags = bytes.find("\2\2me");
  REQUIRE(flags != bytes.npos);
  bytes[flags] = 2 | 8;
  CHECK(!wire::decode_order(bytes, now));
}

TEST_CASE("one kind of payload is never taken for another", "[X04]") {
  CHECK(refusal<names>(wire::encode(outcome{})) == errc::protocol_mismatch);
  CHECK(refusal<outcome>(wire::encode(names{})) == errc::protocol_mismatch);
  CHECK(!wire::decode_order(wire::encode(names{}), clock::now()));
  CHECK(refusal<pool_event>(wire::encode(full_snapshot()))
        == errc::protocol_mismatch);
}

TEST_CASE("another version of the encoding is named in the error") {
  auto bytes = wire::encode(names{"a"});
  bytes[0] = 9;
  auto back = wire::decode<names>(bytes);
  REQUIRE(!back);
  CHECK(back.error().code == errc::protocol_mismatch);
  CHECK_THAT(back.error().message, ContainsSubstring("version 9"));
}

TEST_CASE("nonsense is refused", "[X04]") {
  CHECK(refusal<names>("") == errc::protocol_mismatch);
  CHECK(refusal<names>("\x01") == errc::protocol_mismatch);
  // A kind of value that does not exist.
  auto odd = wire::encode({{}, {{"", {nullptr}}}}, clock::now());
  odd.back() = '\x07';
  CHECK(!wire::decode_order(odd, clock::now()));
  // A kind of work, and an order of an operator, that do not exist.
  auto strange = wire::encode(outcome{});
  strange[2] = 2;
  CHECK(refusal<outcome>(strange) == errc::protocol_mismatch);
  for (auto what : {0, static_cast<int>(last_verb) + 1, 255})
    CHECK(refusal<wire::operation>(
            wire::encode(wire::operation{static_cast<verb>(what), {}}))
          == errc::protocol_mismatch);
  // Cells that make no whole rows.
  results rows(1);
  rows[0].columns = {"a", "b"};
  rows[0].cells = {1ll, 2ll, 3ll};
  CHECK(refusal<outcome>(wire::encode(outcome{rows}))
        == errc::protocol_mismatch);
  // An event of kind 0, and one beyond the last.
  pool_event none{static_cast<event_kind>(0), "", {}, ""};
  CHECK(refusal<pool_event>(wire::encode(none)) == errc::protocol_mismatch);
  none.kind = static_cast<event_kind>(200);
  CHECK(refusal<pool_event>(wire::encode(none)) == errc::protocol_mismatch);
}

TEST_CASE("a flipped byte is an error or another value, never a crash",
          "[X04]") {
  auto bytes = wire::encode(full_snapshot());
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (auto flip : {0x01, 0x80, 0xff}) {
      auto copy = bytes;
      copy[i] = static_cast<char>(copy[i] ^ flip);
      auto back = wire::decode<pool_snapshot>(copy);
      if (back)
        CHECK(wire::encode(*back) == copy);
    }
}

TEST_CASE("a payload above the limit is not even looked at", "[X04]") {
  std::string bytes(wire::max_payload + 1, '\x01');
  CHECK(refusal<names>(bytes) == errc::result_too_large);
}

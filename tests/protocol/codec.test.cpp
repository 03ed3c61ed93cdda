#include "caf_pool/protocol/codec.hpp"

#include "samples.hpp"
#include "support/catch_compat.hpp"

#include <limits>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

using statements = std::vector<sql_statement>;
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

template <class T>
errc refusal(const std::string& bytes) {
  auto back = wire::decode<T>(bytes);
  return back ? errc::none : back.error().code;
}

} // namespace

TEST_CASE("statements come back as they went") {
  check_round_trip(statements{});
  check_round_trip(statements{"SELECT 1"});
  check_round_trip(
    statements{{"INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)",
                {nullptr, true, std::numeric_limits<std::int64_t>::min(), 1.5,
                 "text", blob{std::byte{0}, std::byte{255}}}},
               {"", {std::numeric_limits<double>::infinity(), blob{}}}});
  random_source dice{1};
  for (auto i = 0; i < 200; ++i)
    check_round_trip(random_statements(dice));
}

TEST_CASE("results come back as they went") {
  check_round_trip(results{});
  random_source dice{2};
  for (auto i = 0; i < 200; ++i)
    check_round_trip(random_results(dice));
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
  CHECK(wire::encode(statements{{"ab", {7, nullptr, "x"}}})
        == std::string{"\x02\x01\x01\x02"
                       "ab\x03\x02\x0e\x00\x04\x01x",
                       13});
  results rows(1);
  rows[0].columns = {"n"};
  rows[0].cells = {true, blob{std::byte{9}}};
  rows[0].affected = 300;
  CHECK(wire::encode(rows)
        == std::string{"\x02\x02\x01\x01\x01n\x02\x01\x01\x05\x01\x09\xac\x02"
                       "\x00\x00",
                       16});
  CHECK(wire::encode(names{"pg"}) == "\x02\x03\x01\x02pg");
}

TEST_CASE("one kind of payload is never taken for another", "[X04]") {
  CHECK(refusal<names>(wire::encode(statements{})) == errc::protocol_mismatch);
  CHECK(refusal<statements>(wire::encode(names{})) == errc::protocol_mismatch);
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
  CHECK(refusal<statements>(std::string{"\x01\x01\x01\x00\x01\x06", 6})
        == errc::protocol_mismatch);
  // Cells that make no whole rows.
  results rows(1);
  rows[0].columns = {"a", "b"};
  rows[0].cells = {1ll, 2ll, 3ll};
  CHECK(refusal<results>(wire::encode(rows)) == errc::protocol_mismatch);
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

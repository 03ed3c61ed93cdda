// Large payloads, in parts.

#include "caf_pool/core/random.hpp"
#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/protocol/part_collector.hpp"
#include "caf_pool/protocol/part_sender.hpp"

#include "support/catch_compat.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::wire;

namespace {

using sent_parts = std::vector<std::pair<std::uint64_t, std::string>>;

sent_parts due(part_sender& x) {
  sent_parts result;
  x.send_due([&result](std::uint64_t request, std::string bytes) {
    result.emplace_back(request, std::move(bytes));
  });
  return result;
}

std::vector<std::uint64_t> requests(const sent_parts& xs) {
  std::vector<std::uint64_t> result;
  for (auto& [request, bytes] : xs)
    result.push_back(request);
  return result;
}

using numbers = std::vector<std::uint64_t>;

std::string some_bytes(random_source& dice, std::size_t size) {
  std::string result(size, '\0');
  for (auto& c : result)
    c = static_cast<char>(dice.below(256));
  return result;
}

/// What a collector says to a part: the payload, or what is wrong, or nothing.
std::string said(part_collector& x, std::uint64_t request,
                 std::string_view bytes) {
  auto payload = x.add(request, bytes);
  if (!payload)
    return std::string{to_string(payload.error().code)};
  return payload->value_or("");
}

const std::string mismatch{to_string(errc::protocol_mismatch)};

} // namespace

// -- sending ------------------------------------------------------------------

TEST_CASE("a sender is ahead of the other side by few parts only") {
  part_sender x;
  CHECK(due(x).empty());
  x.add(7, std::string(5 * part_size + 1, 'x'));
  auto first = due(x);
  CHECK(requests(first) == numbers(max_parts_ahead, 7));
  CHECK(first[0].second.size() == part_size);
  CHECK(due(x).empty());
  x.arrived(7);
  CHECK(requests(due(x)) == numbers{7});
  x.arrived(7);
  x.arrived(7);
  CHECK(requests(due(x)) == numbers{7, 7});
  CHECK(x.holds(7));
  x.arrived(7);
  auto last = due(x);
  REQUIRE(requests(last) == numbers{7});
  CHECK(last[0].second == "x");
  CHECK(!x.holds(7));
  CHECK(x.size() == 0);
}

TEST_CASE("a sender sends one payload after the other") {
  part_sender x;
  x.add(9, std::string(part_size + 1, 'a'));
  x.add(8, std::string(part_size, 'b'));
  CHECK(x.size() == 2);
  CHECK(requests(due(x)) == numbers{9, 9});
  CHECK(x.size() == 1);
  x.arrived(9);
  CHECK(requests(due(x)) == numbers{8});
  CHECK(x.size() == 0);
}

TEST_CASE("what the other side says out of turn lets no part go") {
  part_sender x;
  x.arrived(7);
  x.add(7, std::string(9 * part_size, 'x'));
  CHECK(due(x).size() == max_parts_ahead);
  x.arrived(6);
  x.arrived(0);
  CHECK(due(x).empty());
}

TEST_CASE("parts of a payload that was given up are still on their way") {
  part_sender x;
  x.add(1, std::string(9 * part_size, 'x'));
  x.add(2, std::string(9 * part_size, 'y'));
  CHECK(requests(due(x)) == numbers{1, 1});
  x.give_up(1);
  x.give_up(5);
  CHECK(!x.holds(1));
  CHECK(x.holds(2));
  CHECK(due(x).empty());
  x.arrived(1);
  CHECK(requests(due(x)) == numbers{2});
  x.clear();
  CHECK(x.size() == 0);
  CHECK(due(x).empty());
  x.add(3, "z");
  CHECK(requests(due(x)) == numbers{3});
}

// -- gathering ----------------------------------------------------------------

TEST_CASE("a collector returns payloads when they are complete") {
  part_collector x;
  REQUIRE(x.expect(4, 3));
  REQUIRE(x.expect(2, 2));
  CHECK(said(x, 4, "ab") == "");
  CHECK(x.bytes() == 2);
  CHECK(said(x, 4, "") == "");
  CHECK(said(x, 4, "c") == "abc");
  CHECK(x.bytes() == 0);
  CHECK(said(x, 2, "de") == "de");
  CHECK(said(x, 2, "de") == "");
  CHECK(x.bytes() == 0);
}

TEST_CASE("parts that nobody waits for are ignored") {
  part_collector x;
  CHECK(said(x, 1, "late") == "");
  REQUIRE(x.expect(2, 4));
  CHECK(said(x, 1, "late") == "");
  CHECK(said(x, 2, "ab") == "");
  x.forget(3);
  CHECK(x.bytes() == 2);
  x.forget(2);
  CHECK(x.bytes() == 0);
  CHECK(said(x, 2, "cd") == "");
  CHECK(x.bytes() == 0);
}

TEST_CASE("what is left of a forgotten payload spoils no other") {
  part_collector x;
  REQUIRE(x.expect(1, 4));
  REQUIRE(x.expect(2, 2));
  REQUIRE(x.expect(3, 2));
  CHECK(said(x, 1, "ab") == "");
  x.forget(2);
  CHECK(x.bytes() == 2);
  x.forget(1);
  CHECK(said(x, 1, "cd") == "");
  CHECK(said(x, 3, "ef") == "ef");
  REQUIRE(x.expect(4, 2));
  CHECK(said(x, 4, "g") == "");
  x.clear();
  CHECK(x.bytes() == 0);
  CHECK(said(x, 4, "h") == "");
}

TEST_CASE("parts that are out of turn or too long are refused") {
  part_collector x;
  REQUIRE(x.expect(1, 3));
  REQUIRE(x.expect(2, 2));
  CHECK(said(x, 1, "ab") == "");
  CHECK(said(x, 2, "c") == mismatch);
  // Forgotten, and the other one is as it was.
  CHECK(said(x, 2, "d") == "");
  CHECK(x.bytes() == 2);
  CHECK(said(x, 1, "cd") == mismatch);
  CHECK(x.bytes() == 0);
  CHECK(said(x, 1, "c") == "");
}

TEST_CASE("a payload that is too large is not expected") {
  part_collector x;
  auto refused = x.expect(1, max_payload + 1);
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::result_too_large);
  CHECK(said(x, 1, "a") == "");
  REQUIRE(x.expect(1, max_payload));
  auto twice = x.expect(1, 7);
  REQUIRE(!twice);
  CHECK(twice.error().code == errc::protocol_mismatch);
  CHECK(!x.expect(2, UINT64_MAX));
}

// -- both ---------------------------------------------------------------------

TEST_CASE("payloads arrive as they were sent, whatever is given up meanwhile") {
  random_source dice{5};
  for (auto round = 0; round < 20; ++round) {
    part_sender sender;
    part_collector collector;
    std::map<std::uint64_t, std::string> wanted;
    for (std::uint64_t request = 1; request <= 6; ++request) {
      auto bytes = some_bytes(dice, 1 + dice.below(4 * part_size));
      REQUIRE(collector.expect(request, bytes.size()));
      sender.add(request, bytes);
      wanted.emplace(request, std::move(bytes));
    }
    std::map<std::uint64_t, std::string> got;
    sent_parts on_the_way;
    for (;;) {
      for (auto& x : due(sender))
        on_the_way.push_back(std::move(x));
      if (on_the_way.empty())
        break;
      auto [request, bytes] = on_the_way.front();
      on_the_way.erase(on_the_way.begin());
      auto payload = collector.add(request, bytes);
      REQUIRE(payload);
      if (*payload)
        got.emplace(request, **std::move(payload));
      sender.arrived(request);
      if (dice.below(8) == 0) {
        auto victim = 1 + dice.below(6);
        // The sender hears of it later.
        collector.forget(victim);
        for (auto& x : due(sender))
          on_the_way.push_back(std::move(x));
        sender.give_up(victim);
        if (!got.contains(victim))
          wanted.erase(victim);
      }
    }
    CHECK(got == wanted);
    CHECK(collector.bytes() == 0);
    CHECK(sender.size() == 0);
  }
}

#include "caf_pool/backend/redis_cluster/table_vote.hpp"

#include "support/catch_compat.hpp"

#include <vector>

using namespace caf_pool::cluster;

namespace {

node_address node(std::uint16_t port) {
  return {"h", port};
}

// Three masters share the slots up to `last`.
slot_table table_to(slot_number last, std::uint64_t epoch = 5) {
  auto result = slot_table{epoch};
  result.add(0, 999, node(1));
  result.add(1000, 1999, node(2));
  result.add(2000, last, node(3));
  return result;
}

} // namespace

TEST_CASE("slots are lost when most of the masters say so") {
  auto present = table_to(16383);
  auto less = table_to(9999);
  CHECK_FALSE(present.accepts(less));
  CHECK(agreed(present, {{node(1), less}}) == nullptr);
  CHECK(agreed(present, {{node(1), less}, {node(2), slot_table{5}}})
        == nullptr);
  auto two = std::vector<told_table>{{node(1), less}, {node(2), less}};
  auto* taken = agreed(present, two);
  REQUIRE(taken != nullptr);
  CHECK(taken->serves_as(less));
}

TEST_CASE("a node that was removed has no vote against the masters") {
  auto present = table_to(16383);
  auto empty = slot_table{};
  CHECK(agreed(present, {{node(7), empty}, {node(8), empty}}) == nullptr);
  auto less = table_to(9999);
  auto all = std::vector<told_table>{{node(7), empty},
                                     {node(8), empty},
                                     {node(9), empty},
                                     {node(1), less},
                                     {node(3), less}};
  auto* taken = agreed(present, all);
  REQUIRE(taken != nullptr);
  CHECK(taken->serves_as(less));
}

TEST_CASE("a cluster that was made anew is known by who is left") {
  auto present = table_to(16383);
  auto anew = slot_table{1};
  anew.add(0, 16383, node(9));
  REQUIRE(agreed(present, {{node(9), anew}}) != nullptr);
  CHECK(agreed(present, {{node(9), anew}, {node(8), table_to(9999)}})
        == nullptr);
  CHECK(agreed(present, {}) == nullptr);
}

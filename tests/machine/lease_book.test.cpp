#include "caf_pool/machine/lease_book.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

lease_entry entry(std::uint64_t connection, std::uint64_t generation,
                  time_point since = at(0s)) {
  lease_entry result;
  result.id = {pool_epoch{1}, connection_id{connection}, generation};
  result.holder = "holder " + std::to_string(generation);
  result.since = since;
  return result;
}

} // namespace

TEST_CASE("only the present lease of a connection is valid", "[trap-T7]") {
  lease_book uut;
  auto one = entry(1, 1);
  CHECK_FALSE(uut.valid(one.id));
  uut.open(one);
  CHECK(uut.valid(one.id));
  auto other = one.id;
  other.generation = 2;
  CHECK_FALSE(uut.valid(other));
  other = one.id;
  other.epoch = pool_epoch{2};
  CHECK_FALSE(uut.valid(other));
  CHECK(uut.close(connection_id{1}) == one);
  CHECK_FALSE(uut.valid(one.id));
  CHECK_FALSE(uut.close(connection_id{1}));
}

TEST_CASE("a holding in the front is noted, but its id is the front's own",
          "[K03]") {
  lease_book uut;
  auto one = entry(1, 7);
  CHECK_FALSE(uut.seen_in_front(one));
  CHECK(uut.size() == 1);
  CHECK_FALSE(uut.valid(one.id));
  SECTION("seeing it again changes nothing") {
    auto later = entry(1, 7, at(5s));
    later.id.epoch = pool_epoch{2};
    CHECK_FALSE(uut.seen_in_front(later));
    CHECK(uut.find(connection_id{1})->since == at(0s));
  }
  SECTION("the next holding replaces it") {
    CHECK_FALSE(uut.seen_in_front(entry(1, 8)));
    CHECK(uut.find(connection_id{1})->holder == "holder 8");
  }
  SECTION("and tells if it had been suspected") {
    uut.check(1s, 0s, at(1s));
    auto previous = uut.seen_in_front(entry(1, 8));
    REQUIRE(previous);
    CHECK(previous->holder == "holder 7");
    CHECK_FALSE(uut.find(connection_id{1})->suspected);
  }
}

TEST_CASE("each threshold is told once per lease", "[K01]") {
  lease_book uut;
  uut.open(entry(1, 1));
  uut.open(entry(2, 1, at(5s)));
  CHECK(uut.next_check(10s, 20s) == at(10s));
  CHECK(uut.check(10s, 20s, at(9999ms)).suspected.empty());
  auto found = uut.check(10s, 20s, at(10s));
  REQUIRE(found.suspected.size() == 1);
  CHECK(found.suspected[0].id.connection == connection_id{1});
  CHECK(found.to_revoke.empty());
  CHECK(uut.next_check(10s, 20s) == at(15s));
  found = uut.check(10s, 20s, at(20s));
  CHECK(found.suspected.size() == 1);
  CHECK(found.to_revoke.size() == 1);
  CHECK(uut.next_check(10s, 20s) == at(25s));
  CHECK(uut.check(10s, 20s, at(20s)).to_revoke.empty());
}

TEST_CASE("thresholds of zero never pass") {
  lease_book uut;
  uut.open(entry(1, 1));
  CHECK(uut.next_check(0s, 0s) == never);
  auto found = uut.check(0s, 0s, at(240h));
  CHECK(found.suspected.empty());
  CHECK(found.to_revoke.empty());
}

TEST_CASE("an announced duration goes before a threshold", "[trap-T73]") {
  lease_book uut;
  auto one = entry(1, 1);
  one.expected = 60s;
  uut.open(one);
  CHECK(uut.next_check(10s, 30s) == at(60s));
  CHECK(uut.check(10s, 30s, at(59s)).suspected.empty());
  CHECK(uut.check(10s, 30s, at(60s)).to_revoke.size() == 1);
}

TEST_CASE("the list tells who holds for how long, and the oldest is found") {
  lease_book uut;
  CHECK_FALSE(uut.oldest());
  uut.open(entry(1, 1, at(4s)));
  uut.open(entry(2, 1, at(2s)));
  auto list = uut.list(at(10s));
  REQUIRE(list.size() == 2);
  CHECK(list[0].held == 6s);
  CHECK(list[1].held == 8s);
  CHECK(uut.oldest()->id.connection == connection_id{2});
}

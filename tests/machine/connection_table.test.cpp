#include "caf_pool/machine/connection_table.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

using ids = std::deque<connection_id>;

connection_id nr(std::uint64_t x) {
  return connection_id{x};
}

} // namespace

TEST_CASE("identities of connections only grow") {
  connection_table uut;
  CHECK(uut.add(at(0s)) == nr(1));
  CHECK(uut.add(at(0s)) == nr(2));
  uut.erase(nr(2));
  CHECK(uut.add(at(0s)) == nr(3));
  uut.skip_ids(10);
  CHECK(uut.add(at(0s)) == nr(11));
  CHECK(uut.last_id() == 11);
}

TEST_CASE("a new connection is opening") {
  connection_table uut;
  uut.add(at(3s));
  auto* record = uut.find(nr(1));
  REQUIRE(record != nullptr);
  CHECK(record->state == connection_state::opening);
  CHECK(record->since == at(3s));
  CHECK(uut.count(connection_state::opening) == 1);
  CHECK(uut.alive() == 1);
}

TEST_CASE("what is gone is not found and not changed") {
  connection_table uut;
  uut.add(at(0s));
  uut.erase(nr(1));
  CHECK(uut.find(nr(1)) == nullptr);
  uut.move_to(nr(1), connection_state::idle, at(0s));
  uut.watch(nr(1), at(1s));
  uut.unwatch(nr(1));
  uut.erase(nr(1));
  CHECK(uut.size() == 0);
  CHECK(uut.idle().empty());
  CHECK(uut.next_overdue() == never);
}

TEST_CASE("idle connections stand in the order of their coming") {
  connection_table uut;
  for (int i = 0; i < 3; ++i)
    uut.move_to(uut.add(at(0s)), connection_state::idle, at(0s));
  CHECK(uut.idle() == ids{nr(1), nr(2), nr(3)});
  uut.move_to(nr(2), connection_state::leased, at(0s));
  CHECK(uut.idle() == ids{nr(1), nr(3)});
  uut.move_to(nr(2), connection_state::idle, at(0s));
  uut.move_to(nr(1), connection_state::idle, at(0s));
  CHECK(uut.idle() == ids{nr(3), nr(2), nr(1)});
  uut.erase(nr(2));
  CHECK(uut.idle() == ids{nr(3), nr(1)});
}

TEST_CASE("a worker's limit ends with the change of state") {
  connection_table uut;
  auto one = uut.add(at(0s));
  auto two = uut.add(at(0s));
  uut.watch(one, at(5s));
  uut.watch(two, at(3s));
  CHECK(uut.next_overdue() == at(3s));
  CHECK_FALSE(uut.overdue(at(2999ms)));
  CHECK(uut.overdue(at(3s)) == two);
  uut.move_to(two, connection_state::idle, at(3s));
  CHECK(uut.next_overdue() == at(5s));
  uut.watch(one, at(9s)); // a new limit replaces the old one
  CHECK(uut.next_overdue() == at(9s));
  uut.postpone(2s);
  CHECK(uut.next_overdue() == at(11s));
  uut.erase(one);
  CHECK(uut.next_overdue() == never);
}

TEST_CASE("the front's state is counted while it is offered only") {
  connection_table uut;
  auto id = uut.add(at(0s));
  uut.move_to(id, connection_state::offered, at(1s));
  auto& record = *uut.find(id);
  CHECK(record.seen_at == at(1s));
  uut.note_front(record, 4, true, at(2s));
  CHECK(uut.front_taken() == 1);
  uut.note_front(record, 5, true, at(3s));
  CHECK(uut.front_taken() == 1);
  CHECK(record.seen_at == at(3s));
  SECTION("until it is seen free") {
    uut.note_front(record, 5, false, at(4s));
    CHECK(uut.front_taken() == 0);
  }
  SECTION("until it comes back") {
    uut.move_to(id, connection_state::idle, at(4s));
    CHECK(uut.front_taken() == 0);
    CHECK(record.front_uses == 5);
  }
}

TEST_CASE("a table can be adopted whole") {
  connection_table old;
  for (int i = 0; i < 3; ++i)
    old.move_to(old.add(at(0s)), connection_state::idle, at(0s));
  old.move_to(nr(1), connection_state::probing, at(0s));
  old.watch(nr(1), at(7s));
  old.move_to(nr(2), connection_state::leased, at(0s));
  old.move_to(nr(2), connection_state::idle, at(0s));
  connection_table uut;
  for (auto& [id, record] : old.records())
    uut.adopt(id, record);
  uut.adopt_idle(old.idle());
  for (auto& [id, record] : old.records())
    CHECK(uut.find(id)->state == record.state);
  CHECK(uut.idle() == old.idle());
  CHECK(uut.next_overdue() == at(7s));
  CHECK(uut.last_id() == 3);
  CHECK(uut.count(connection_state::idle) == 2);
}

TEST_CASE("counts, order and limits hold through any history") {
  CHECK(rc::check("history", [] {
    connection_table uut;
    auto now = at(0s);
    for (auto step : *rc::gen::container<std::vector<std::uint8_t>>(
           rc::gen::arbitrary<std::uint8_t>())) {
      now += 1ms;
      auto id = nr(1 + step % 7);
      switch (step / 7 % 6) {
        case 0:
          uut.add(now);
          break;
        case 1:
          uut.erase(id);
          break;
        case 2:
          uut.watch(id, now + std::chrono::milliseconds{step});
          break;
        case 3:
          uut.postpone(1ms);
          break;
        default:
          uut.move_to(id, static_cast<connection_state>(step % 8), now);
      }
    }
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < connection_states; ++i)
      sum += uut.count(static_cast<connection_state>(i));
    RC_ASSERT(sum == uut.size());
    auto first = never;
    for (auto& [id, record] : uut.records())
      first = std::min(first, record.overdue_at);
    RC_ASSERT(uut.next_overdue() == first);
    RC_ASSERT(uut.idle().size() == uut.count(connection_state::idle));
    for (auto id : uut.idle())
      RC_ASSERT(uut.find(id)->state == connection_state::idle);
  }));
}

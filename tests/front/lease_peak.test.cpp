#include "caf_pool/front/slot_table.hpp"

#include "support/catch_compat.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

/// A table with `size` offered slots.
struct fixture {
  explicit fixture(slot_index size) {
    for (slot_index i = 0; i < size; ++i) {
      REQUIRE(table->bind({i + 1}, &objects[i]) == i);
      REQUIRE(table->offer(i));
    }
  }

  loan take() {
    return table->try_take(holder::here());
  }

  std::uint32_t peak() const {
    return table->peak_leased();
  }

  std::array<int, 64> objects = {};
  std::shared_ptr<slot_table> table = slot_table::make();
};

} // namespace

TEST_CASE("the peak is the most that were taken at the same time") {
  fixture f{8};
  CHECK(f.peak() == 0);
  std::vector<loan> held;
  for (std::uint32_t n = 1; n <= 8; ++n) {
    held.push_back(f.take());
    CHECK(f.peak() == n);
  }
  for (auto& x : held)
    f.table->give_back(x, condition::clean);
  for (int i = 0; i < 100; ++i)
    f.table->give_back(f.take(), condition::clean);
  CHECK(f.peak() == 8);
}

TEST_CASE("one after the other is not at the same time, whatever the slots") {
  fixture f{8};
  std::vector<loan> held;
  // Nothing but the highest slot is free.
  for (slot_index i = 0; i < 7; ++i)
    REQUIRE(f.table->withdraw(i));
  for (int i = 0; i < 3; ++i)
    f.table->give_back(f.take(), condition::clean);
  CHECK(f.peak() == 1);
  // One in a high slot makes those count who take low ones.
  auto high = f.take();
  for (slot_index i = 0; i < 3; ++i)
    REQUIRE(f.table->offer(i));
  auto second = f.take();
  CHECK(f.peak() == 2);
  f.table->give_back(high, condition::clean);
  auto third = f.take();
  CHECK(f.peak() == 2);
  auto fourth = f.take();
  CHECK(f.peak() == 3);
  for (auto& x : {second, third, fourth})
    f.table->give_back(x, condition::clean);
}

TEST_CASE("leases that are in no slot count, too") {
  fixture f{4};
  f.table->note_leased_elsewhere(2, 8);
  CHECK(f.peak() == 2);
  auto first = f.take();
  CHECK(f.peak() == 3);
  f.table->note_leased_elsewhere(3, 8);
  CHECK(f.peak() == 4);
  f.table->note_leased_elsewhere(0, 8);
  auto second = f.take();
  CHECK(f.peak() == 4);
  f.table->note_leased_elsewhere(2, 8);
  CHECK(f.peak() == 4);
  f.table->note_leased_elsewhere(1, 8);
  auto third = f.take();
  CHECK(f.peak() == 4);
  auto fourth = f.take();
  CHECK(f.peak() == 5);
  for (auto& x : {first, second, third, fourth})
    f.table->give_back(x, condition::clean);
}

TEST_CASE("a grant through a slot counts, one that is back does not") {
  fixture f{2};
  auto first = f.take();
  f.table->withdraw(1);
  auto granted = f.table->grant(1, holder::here());
  REQUIRE(granted);
  CHECK(f.peak() == 2);
  f.table->give_back(granted, condition::clean); // not collected yet
  f.table->note_leased_elsewhere(1, 8);
  CHECK(f.peak() == 2);
  f.table->give_back(first, condition::clean);
}

TEST_CASE("a table that is used again begins anew") {
  {
    fixture f{2};
    auto x = f.take();
    CHECK(f.peak() == 1);
    f.table->give_back(x, condition::clean);
  }
  CHECK(fixture{2}.peak() == 0);
}

TEST_CASE("threads that meet are counted, and no others", "[C06]") {
  constexpr slot_index size = 6;
  for (int round = 0; round < 50; ++round) {
    fixture f{8};
    // So many hold at the same time; each takes and gives back before.
    std::barrier together{size};
    std::vector<std::thread> threads;
    for (slot_index i = 0; i < size; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 100; ++n)
          if (auto x = f.take())
            f.table->give_back(x, condition::clean);
        together.arrive_and_wait();
        auto x = f.take();
        together.arrive_and_wait();
        if (x)
          f.table->give_back(x, condition::clean);
      });
    for (auto& x : threads)
      x.join();
    CHECK(f.peak() == size);
  }
}

TEST_CASE("a high slot is as good as a low one if the others are not lent") {
  fixture f{8};
  for (slot_index i = 0; i < 8; ++i)
    if (i != 3 && i != 7)
      REQUIRE(f.table->withdraw(i));
  auto first = f.take();
  auto second = f.take();
  CHECK(second.slot == 7);
  CHECK(f.peak() == 2);
  f.table->give_back(first, condition::clean);
  // Another one comes on offer meanwhile.
  REQUIRE(f.table->offer(0));
  auto third = f.take();
  CHECK(f.peak() == 2);
  auto fourth = f.take();
  CHECK(f.peak() == 3);
  for (auto& x : {second, third, fourth})
    f.table->give_back(x, condition::clean);
}

#include "caf_pool/front/slot_table.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

std::vector<slot_index> bound_slots(const slot_table& table) {
  std::vector<slot_index> result;
  table.for_each([&](const slot_view& x) { result.push_back(x.slot); });
  return result;
}

} // namespace

TEST_CASE("a connection is bound to the lowest free slot", "[slot_table]") {
  auto table = slot_table::make();
  for (slot_index i = 0; i < 4; ++i)
    REQUIRE(table->bind({i + 1}, nullptr) == i);
  CHECK(table->unbind(2));
  CHECK(table->unbind(0));
  CHECK(bound_slots(*table) == std::vector<slot_index>{1, 3});
  CHECK(table->bind({5}, nullptr) == 0u);
  CHECK(table->bind({6}, nullptr) == 2u);
  CHECK(table->bind({7}, nullptr) == 4u);
  CHECK(table->view(2).connection == connection_id{6});
}

TEST_CASE("a slot that is lent stays bound", "[slot_table]") {
  auto table = slot_table::make();
  REQUIRE(table->bind({1}, nullptr) == 0u);
  REQUIRE(table->offer(0));
  CHECK(!table->unbind(0));
  auto x = table->try_take(holder::here());
  CHECK(!table->unbind(0));
  table->give_back(x, condition::dirty);
  CHECK(!table->unbind(0));
  table->collect(0);
  CHECK(table->unbind(0));
  CHECK(!table->unbind(1));
  CHECK(table->view(0).connection == connection_id{});
}

TEST_CASE("scans touch only slots in use", "[slot_table]") {
  auto table = slot_table::make();
  for (slot_index i = 0; i < 100; ++i)
    REQUIRE(table->bind({i + 1}, nullptr));
  CHECK(table->in_use() == 100);
  for (slot_index i = 10; i < 99; ++i)
    REQUIRE(table->unbind(i));
  CHECK(table->in_use() == 100);
  REQUIRE(table->unbind(99));
  CHECK(table->in_use() == 10);
}

TEST_CASE("a table has room for every size that a pool may have",
          "[slot_table]") {
  auto table = slot_table::make();
  for (slot_index i = 0; i < slot_store::max_size; ++i)
    REQUIRE(table->bind({i + 1}, nullptr) == i);
  CHECK(table->bind({1}, nullptr) == std::nullopt);
  REQUIRE(table->unbind(4711));
  CHECK(table->bind({1}, nullptr) == 4711u);
}

TEST_CASE("a table grows and shrinks while it lends", "[slot_table]") {
  constexpr slot_index size = 200;
  auto table = slot_table::make();
  std::vector<int> objects(size);
  std::atomic<std::uint64_t> right{0};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::jthread> threads;
  for (auto i = 0; i < 3; ++i)
    threads.emplace_back([&](std::stop_token stop) {
      while (!stop.stop_requested())
        if (auto x = table->try_take(holder::here(), 4)) {
          auto fits = x.object == &objects[x.connection.value % size];
          (fits ? right : wrong).fetch_add(1);
          table->give_back(x, condition::clean);
        }
    });
  for (std::uint64_t round = 1; round <= 3; ++round) {
    for (auto id = round * size; id < (round + 1) * size; ++id)
      REQUIRE(table->offer(*table->bind({id}, &objects[id % size])));
    auto before = right.load();
    REQUIRE(eventually([&] { return right.load() > before + 1000; }));
    for (slot_index i = size; i-- > 0;) {
      REQUIRE(eventually([&] { return table->withdraw(i); }));
      REQUIRE(table->unbind(i));
    }
    REQUIRE(table->in_use() == 0);
  }
  CHECK(wrong.load() == 0);
}

#include "caf_pool/front/use_estimate.hpp"

#include "caf_pool/front/slot_table.hpp"

#include "support/catch_compat.hpp"

#include <limits>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

void note(use_estimate& x, duration took, int times) {
  for (int i = 0; i < times; ++i)
    x.note(took);
}

} // namespace

TEST_CASE("holders count as brief until the opposite is seen",
          "[use_estimate]") {
  use_estimate x;
  CHECK(x.brief());
  note(x, 50ns, 100);
  CHECK(x.brief());
  note(x, 200us, 20);
  CHECK(!x.brief());
  x.clear();
  CHECK(x.brief());
}

TEST_CASE("a few slow holders among brief ones change nothing",
          "[use_estimate]") {
  use_estimate x;
  for (int i = 0; i < 1000; ++i) {
    note(x, 3ms, 1);
    note(x, 50ns, 2);
    REQUIRE(x.brief());
  }
}

TEST_CASE("a few brief holders among slow ones change nothing",
          "[use_estimate]") {
  use_estimate x;
  note(x, 3ms, 100);
  for (int i = 0; i < 1000; ++i) {
    note(x, 50ns, 1);
    note(x, 3ms, 2);
    REQUIRE(!x.brief());
  }
}

TEST_CASE("holders that become brief are noticed soon", "[use_estimate]") {
  use_estimate x;
  note(x, 1s, 200);
  note(x, 50ns, 100);
  CHECK(x.brief());
}

TEST_CASE("a search ends in time, however many tries are left",
          "[slot_table]") {
  auto table = slot_table::make();
  int object = 0;
  REQUIRE(table->offer(table->bind({1}, &object).value()));
  auto held = table->try_take(holder::here());
  REQUIRE(held);
  auto shut = GENERATE(false, true);
  table->set_shut(shut);
  // Would take minutes if only the tries counted.
  auto most = std::numeric_limits<std::uint32_t>::max();
  CHECK(!table->try_take(holder::here(), most));
  table->give_back(held, condition::clean);
}

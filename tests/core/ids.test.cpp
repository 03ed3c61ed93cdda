#include "caf_pool/core/ids.hpp"

#include "caf_pool/core/time.hpp"

#include "support/catch_compat.hpp"

#include <type_traits>
#include <unordered_set>

using namespace caf_pool;

// One kind of identity never passes for another, nor for a number.
static_assert(!std::is_convertible_v<ticket, connection_id>);
static_assert(!std::is_convertible_v<connection_id, std::uint64_t>);

TEST_CASE("identities are none by default, ordered and hashable") {
  CHECK_FALSE(connection_id{});
  CHECK(connection_id{1});
  CHECK(connection_id{1} < connection_id{2});
  CHECK(connection_id{3} == connection_id{3});
  std::unordered_set<ticket> seen{ticket{1}, ticket{2}, ticket{1}};
  CHECK(seen.size() == 2);
  CHECK(to_string(ticket{42}) == "42");
}

TEST_CASE("a lease id differs in epoch, connection or generation",
          "[trap-T7]") {
  auto id = lease_id{pool_epoch{1}, connection_id{2}, 3};
  CHECK(id);
  CHECK_FALSE(lease_id{});
  CHECK(to_string(id) == "1.2.3");
  CHECK(id == lease_id{pool_epoch{1}, connection_id{2}, 3});
  CHECK(id != lease_id{pool_epoch{2}, connection_id{2}, 3});
  CHECK(id != lease_id{pool_epoch{1}, connection_id{1}, 3});
  CHECK(id != lease_id{pool_epoch{1}, connection_id{2}, 4});
}

TEST_CASE("a lease from the front never passes for one that was granted",
          "[trap-T7]") {
  auto granted = lease_id{pool_epoch{1}, connection_id{2}, 3};
  auto taken = lease_id::in_front(pool_epoch{1}, connection_id{2}, 3);
  CHECK(taken != granted);
  CHECK(taken.from_front());
  CHECK_FALSE(granted.from_front());
  CHECK(taken.slot_generation() == 3);
  CHECK(to_string(taken) == "1.2.f3");
}

TEST_CASE("adding to a time point stops at never") {
  auto start = time_point{std::chrono::seconds{10}};
  CHECK(add_saturated(start, std::chrono::seconds{5})
        == time_point{std::chrono::seconds{15}});
  CHECK(add_saturated(start, duration::max()) == never);
  CHECK(add_saturated(never, std::chrono::seconds{-5}) == never);
  CHECK(add_saturated(start, std::chrono::seconds{-5})
        == time_point{std::chrono::seconds{5}});
}

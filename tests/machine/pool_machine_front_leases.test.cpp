#include "machine/front_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

// -- leases that the machine only sees ----------------------------------------

TEST_CASE("leaks are noticed in the front, too", "[K01]") {
  auto config = pool_bench::with_front();
  config.leak_threshold = 10s;
  config.leak_revoke = 30s;
  pool_bench pool{config};
  pool.fill(1);
  auto since = pool.now;
  pool.wait(1s);
  pool.observe({taken(1, 1, since)});
  CHECK(pool.uut.snapshot(pool.now).leases.at(0).holder == "thread 5");
  pool.pass(9s);
  CHECK(pool.events() == lines{"leak_suspected 1"});
  SECTION("told once, as long as it is the same holding") {
    pool.observe({taken(1, 1, since)});
    pool.pass(1s);
    CHECK(pool.events().empty());
  }
  SECTION("and cleared") {
    pool.observe({seen(1, 1)});
    CHECK(pool.events() == lines{"leak_cleared 1"});
    CHECK(pool.uut.snapshot(pool.now).leases.empty());
  }
  SECTION("and cleared if somebody else has it") {
    pool.observe({taken(1, 2, pool.now)});
    CHECK(pool.events() == lines{"leak_cleared 1"});
    CHECK(pool.pass(9s) == lines{});
    CHECK(pool.events().empty());
  }
  SECTION("and taken away") {
    CHECK(pool.pass(20s) == lines{"revoke in front 1.1.1", "abort 1"});
    CHECK(pool.counters().leases_revoked == 1);
  }
}

TEST_CASE("a late release cannot hit somebody who took from the front",
          "[K03][trap-T7]") {
  pool_bench pool{pool_bench::with_front()};
  pool.acquire(1);
  pool.opened(1);
  auto lease = pool.lease_of(1);
  pool.release(1);
  // The slot counts for itself: the same number names another holding.
  pool.observe({taken(1, 1, pool.now)});
  REQUIRE(pool.uut.state().leases.find(connection_id{1})->id == lease);
  CHECK(pool.release(lease) == lines{});
  CHECK(pool.state_of(1) == connection_state::offered);
  CHECK(pool.counters().stale_releases == 1);
}

TEST_CASE("an end of the pool reaches holders that took from the front",
          "[S01]") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(2);
  pool.observe({taken(1, 1, pool.now)});
  CHECK(pool.shut_down()
        == lines{"withdraw 1", "withdraw 2", "revoke in front 1.1.1", "abort 1",
                 "shut front"});
  // The second one was taken since the last look.
  CHECK(pool.observe({taken(2, 1, pool.now)})
        == lines{"revoke in front 1.2.1", "abort 2"});
  pool.closed(1);
  pool.closed(2);
  CHECK(pool.uut.next_wakeup() == never);
  CHECK(pool.counters().acquired == 4);
  CHECK(pool.counters().released + pool.counters().leases_revoked == 4);
}

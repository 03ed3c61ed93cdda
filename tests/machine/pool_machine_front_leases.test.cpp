#include "machine/front_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

pool_config watchful() {
  auto config = pool_bench::with_front();
  config.leak_threshold = 10s;
  config.leak_revoke = 30s;
  return config;
}

} // namespace

// -- leases that the machine only sees ----------------------------------------

TEST_CASE("leaks are noticed in the front, too", "[K01]") {
  pool_bench pool{watchful()};
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
    CHECK(pool.pass(20s) == lines{"revoke in front 1.1.f1", "abort 1"});
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
  // The slot counts for itself, and the same number names another holding.
  pool.observe({taken(1, 1, pool.now)});
  auto seen_now = pool.uut.state().leases.find(connection_id{1})->id;
  REQUIRE(seen_now.slot_generation() == lease.generation);
  REQUIRE(seen_now != lease);
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
        == lines{"withdraw 1", "withdraw 2", "revoke in front 1.1.f1",
                 "abort 1", "shut front"});
  // The second one was taken since the last look.
  CHECK(pool.observe({taken(2, 1, pool.now)})
        == lines{"revoke in front 1.2.f1", "abort 2"});
  pool.closed(1);
  pool.closed(2);
  CHECK(pool.uut.next_wakeup() == never);
  CHECK(pool.counters().acquired == 4);
  CHECK(pool.counters().released + pool.counters().leases_revoked == 4);
}

// -- leases that the machine takes over ---------------------------------------

TEST_CASE("a holding in the front goes on as a lease", "[K02][C06]") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(1);
  auto before = pool.counters();
  auto since = pool.now;
  pool.wait(1s);
  CHECK(pool.claimed(1, 3, since) == lines{});
  CHECK(pool.state_of(1) == connection_state::leased);
  auto lease = pool.lease_of(1);
  CHECK(lease == lease_id::in_front(pool_epoch{1}, connection_id{1}, 3));
  auto shown = pool.uut.snapshot(pool.now).leases.at(0);
  CHECK(shown.id == lease);
  CHECK(shown.holder == "by message");
  CHECK(shown.held == 1s);
  SECTION("and ends like one") {
    CHECK(pool.release(lease) == lines{"offer 1"});
    CHECK(pool.release(lease) == lines{});
    CHECK(pool.counters().stale_releases == 1);
    CHECK(pool.counters().released == before.released + 3);
  }
  SECTION("and is reset when its holder dies") {
    CHECK(pool.holder_lost(1, false) == lines{"reset 1"});
    CHECK(pool.counters().released == before.released + 2);
    CHECK(pool.counters().leases_revoked == 1);
  }
  SECTION("and looks at the front show the next holding only") {
    pool.release(lease);
    pool.observe({seen(1, 3)});
    CHECK(pool.counters().released == before.released + 3);
    pool.observe({taken(1, 4, pool.now)});
    CHECK(pool.uut.snapshot(pool.now).leases.at(0).holder == "thread 5");
  }
  CHECK(pool.counters().acquired >= before.acquired + 3);
}

TEST_CASE("what is known of a holding in the front stays known", "[K01]") {
  pool_bench pool{watchful()};
  pool.fill(1);
  auto since = pool.now;
  pool.observe({taken(1, 1, since)});
  pool.pass(10s);
  CHECK(pool.events() == lines{"leak_suspected 1"});
  pool.claimed(1, 1, since);
  pool.pass(10s);
  CHECK(pool.events().empty());
  CHECK(pool.pass(10s) == lines{"revoke 1.1.f1", "abort 1"});
}

TEST_CASE("a claim of what is not in the front changes nothing", "[K03]") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(1);
  pool.returned(1, after(1, trace::dirty));
  REQUIRE(pool.state_of(1) == connection_state::resetting);
  auto before = pool.counters();
  CHECK(pool.claimed(1, 1, pool.now) == lines{});
  CHECK(pool.claimed(7, 1, pool.now) == lines{});
  CHECK(pool.state_of(1) == connection_state::resetting);
  CHECK(pool.counters() == before);
}

TEST_CASE("a pool that was shut down takes claimed leases away, too", "[S01]") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(1);
  pool.shut_down();
  CHECK(pool.claimed(1, 1, pool.now) == lines{"revoke 1.1.f1", "abort 1"});
  pool.closed(1);
  CHECK(pool.uut.next_wakeup() == never);
}

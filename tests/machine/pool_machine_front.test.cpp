#include "machine/front_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

// -- shut and open ------------------------------------------------------------

TEST_CASE("what nobody waits for is offered in the front") {
  pool_bench pool{pool_bench::with_front()};
  CHECK(pool.acquire(1) == lines{"open 1", "shut front"});
  CHECK(pool.opened(1) == lines{"grant 1 1.1.1", "open front"});
  CHECK(pool.release(1) == lines{"offer 1"});
  CHECK(pool.gauges().idle == 1);
}

TEST_CASE("whoever finds the front empty makes the pool reach into it") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(2);
  REQUIRE(pool.state_of(1) == connection_state::offered);
  // It was unlucky, or wants priority: the front may have something yet.
  CHECK(pool.acquire(1) == lines{"shut front", "withdraw any"});
  SECTION("and it has") {
    CHECK(pool.withdrawn(2) == lines{"grant 1 1.2.2", "open front"});
  }
  SECTION("and it has not") {
    CHECK(pool.front_empty() == lines{});
    CHECK(pool.gauges().leased == 2);
    CHECK(pool.returned(1, after(1)) == lines{"grant 1 1.1.2", "open front"});
  }
}

TEST_CASE("the front is searched once while it is shut") {
  auto config = pool_bench::with_front();
  config.max_size = 1;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.front_empty();
  CHECK(pool.acquire(2) == lines{});
  CHECK(pool.tick() == lines{});
  CHECK(pool.events() == lines{"exhausted"});
}

TEST_CASE("a pool is not exhausted before the front was searched") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(2);
  pool.acquire(1);
  CHECK(pool.events().empty());
  pool.withdrawn(1);
  CHECK(pool.events().empty());
}

TEST_CASE("nothing is opened before the front was searched") {
  auto config = pool_bench::with_front();
  config.max_size = 5;
  pool_bench pool{config};
  pool.fill(1);
  CHECK(pool.acquire(1) == lines{"shut front", "withdraw any"});
  CHECK(pool.front_empty() == lines{"open 2"});
}

TEST_CASE("who will not wait hears of the front's answer", "[C11]") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(2);
  CHECK(pool.try_acquire(1) == lines{"shut front", "withdraw any"});
  SECTION("a connection") {
    CHECK(pool.withdrawn(1) == lines{"grant 1 1.1.2", "open front"});
  }
  SECTION("nothing, and the front goes on") {
    CHECK(pool.front_empty()
          == lines{"reject 1 acquire_timeout", "open front"});
  }
}

TEST_CASE("who will not wait does not shut a front with nothing in it") {
  pool_bench pool{pool_bench::with_front()};
  CHECK(pool.try_acquire(1) == lines{"open 1", "reject 1 acquire_timeout"});
}

TEST_CASE("without the fast lane nothing is offered") {
  pool_bench pool;
  CHECK(pool.uut.state().front_shut);
  pool.fill(2);
  CHECK(pool.gauges().idle == 2);
  CHECK(pool.state_of(1) == connection_state::idle);
}

TEST_CASE("a full reset after each lease leaves no room for a front",
          "[trap-T17]") {
  auto config = pool_bench::with_front();
  config.reset_on_release = reset_policy::full;
  pool_bench pool{config};
  pool.acquire(1);
  pool.opened(1);
  pool.release(1);
  CHECK(pool.reset_done(1) == lines{});
  CHECK(pool.state_of(1) == connection_state::idle);
}

TEST_CASE("a probe before each use leaves no room for a front", "[trap-T27]") {
  auto config = pool_bench::with_front();
  config.validate_on_acquire = true;
  config.validation_bypass = 0s;
  pool_bench pool{config};
  pool.fill(2);
  // However late the pool looks at it again.
  CHECK(pool.state_of(1) == connection_state::idle);
  pool.wait(1ms);
  CHECK(pool.acquire(1) == lines{"probe 2"});
}

TEST_CASE("first in, first out leaves no room for a front", "[C03]") {
  auto config = pool_bench::with_front();
  config.order = hand_out_order::fifo;
  pool_bench pool{config};
  pool.fill(2);
  CHECK(pool.state_of(1) == connection_state::idle);
  for (int i = 0; i < 3; ++i) {
    CHECK(pool.acquire(1).size() == 1);
    CHECK(std::get<effect::grant>(pool.last.front()).lease.connection.value
          == 1);
    pool.release(1);
    pool.acquire(2);
    CHECK(std::get<effect::grant>(pool.last.front()).lease.connection.value
          == 2);
    pool.release(2);
  }
}

TEST_CASE("a probe after each use leaves no room for a front", "[V06]") {
  auto config = pool_bench::with_front();
  config.validate_on_release = true;
  pool_bench pool{config};
  pool.acquire(1);
  pool.opened(1);
  CHECK(pool.release(1) == lines{"probe 1"});
  CHECK(pool.probed(1) == lines{});
  CHECK(pool.state_of(1) == connection_state::idle);
}

TEST_CASE("turning the fast lane off takes everything back") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(2);
  auto config = pool_bench::plain();
  CHECK(pool.configure(config)
        == lines{"shut front", "withdraw 1", "withdraw 2"});
  CHECK(pool.withdrawn(1) == lines{});
  CHECK(pool.returned(2, after(1)) == lines{});
  CHECK(pool.gauges().idle == 2);
  CHECK(pool.counters().released == 3);
}

TEST_CASE("a pause shuts the front, a resume opens it", "[S09]") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(1);
  CHECK(pool.pause() == lines{"shut front"});
  CHECK(pool.acquire(1) == lines{});
  CHECK(pool.resume() == lines{"withdraw any"});
  CHECK(pool.withdrawn(1) == lines{"grant 1 1.1.2", "open front"});
}

// -- second chance ------------------------------------------------------------

TEST_CASE("offered connections that nobody uses come back for a probe",
          "[trap-T27]") {
  auto config = pool_bench::with_front();
  config.validate_on_acquire = true;
  pool_bench pool{config};
  pool.fill(2);
  CHECK(pool.uut.next_wakeup() == pool.now + 500ms);
  pool.wait(500ms);
  CHECK(pool.observe({seen(1, 0), seen(2, 3)}) == lines{});
  CHECK(pool.tick() == lines{});
  pool.wait(500ms);
  CHECK(pool.observe({seen(1, 0), seen(2, 4)}) == lines{});
  CHECK(pool.tick() == lines{"withdraw 1"});
  CHECK(pool.withdrawn(1) == lines{});
  CHECK(pool.state_of(1) == connection_state::idle);
  CHECK(pool.acquire(1) == lines{"probe 1", "shut front", "withdraw any"});
}

TEST_CASE("an order to come back is given once") {
  auto config = pool_bench::with_front();
  config.validate_on_acquire = true;
  pool_bench pool{config};
  pool.fill(1);
  CHECK(pool.pass(600ms) == lines{});
  CHECK(pool.pass(400ms) == lines{"withdraw 1"});
  CHECK(pool.pass(10s) == lines{}); // somebody holds it
  CHECK(pool.returned(1, after(1)) == lines{"offer 1"});
}

TEST_CASE("a failure takes everything back from the front",
          "[trap-T27][trap-T29]") {
  auto config = pool_bench::with_front();
  config.max_size = 3;
  pool_bench pool{config};
  pool.fill(3);
  pool.wait(1ms);
  CHECK(pool.returned(1, broken_after(1))
        == lines{"abort 1", "withdraw 2", "withdraw 3"});
  SECTION("uses before the failure are no proof") {
    pool.withdrawn(2, 7);
    CHECK(pool.state_of(2) == connection_state::idle);
    CHECK(pool.acquire(1) == lines{"probe 2", "shut front", "withdraw any"});
  }
  SECTION("a use that ends afterwards is") {
    pool.wait(1ms);
    CHECK(pool.returned(2, after(7)) == lines{"offer 2"});
  }
}

// -- counting -----------------------------------------------------------------

TEST_CASE("uses in the front are counted exactly", "[A05]") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(1);
  auto& counters = pool.counters();
  REQUIRE(counters.acquired == 1);
  SECTION("while it is free") {
    pool.observe({seen(1, 5)});
    CHECK(counters.acquired == 6);
    CHECK(counters.released == 6);
  }
  SECTION("while it is taken") {
    pool.observe({taken(1, 5, pool.now)});
    CHECK(counters.acquired == 6);
    CHECK(counters.released == 5);
    CHECK(pool.gauges().leased == 1);
    pool.observe({taken(1, 6, pool.now)});
    CHECK(counters.acquired == 7);
    CHECK(counters.released == 6);
    pool.returned(1, after(6));
    CHECK(counters.acquired == 7);
    CHECK(counters.released == 7);
  }
  SECTION("when it is withdrawn") {
    pool.observe({taken(1, 5, pool.now)});
    pool.withdrawn(1, 8);
    CHECK(counters.acquired == 9);
    CHECK(counters.released == 9);
    CHECK(pool.gauges().leased == 0);
  }
  SECTION("when it is withdrawn, and nobody says how often it was used") {
    pool.observe({taken(1, 5, pool.now)});
    pool.withdrawn(1);
    CHECK(counters.acquired == 6);
    CHECK(counters.released == 6);
    pool.observe({seen(1, 8)}); // it was offered again
    CHECK(counters.acquired == 9);
    CHECK(counters.released == 9);
  }
  SECTION("when it is returned without a look before") {
    pool.returned(1, after(3));
    CHECK(counters.acquired == 4);
    CHECK(counters.released == 4);
  }
  SECTION("when it was used by messages in between") {
    pool.withdrawn(1, 3);
    pool.acquire(1); // it was offered again
    pool.withdrawn(1, 3);
    pool.release(1);
    pool.observe({seen(1, 4)});
    CHECK(counters.acquired == 6);
    CHECK(counters.released == 6);
  }
  SECTION("when the pool gave it up") {
    auto config = pool_bench::with_front();
    config.leak_revoke = 1s;
    pool.configure(config);
    pool.observe({taken(1, 1, pool.now)});
    pool.pass(1s);
    REQUIRE(pool.state_of(1) == connection_state::closing);
    CHECK(counters.acquired == 2);
    CHECK(counters.released == 1);
    CHECK(counters.leases_revoked == 1);
    pool.returned(1, after(1));
    CHECK(counters.stale_releases == 1);
    CHECK(counters.acquired == 2);
  }
}

TEST_CASE("a use that is under way proves nothing") {
  pool_bench pool{pool_bench::with_front()};
  pool.acquire(1, 60s);
  pool.open_failed(1);
  pool.pass(500ms);
  pool.opened(2);
  lease_end unused;
  unused.unused = true;
  pool.release(2, unused);
  REQUIRE(pool.state_of(2) == connection_state::offered);
  pool.observe({taken(2, 1, pool.now)});
  CHECK(pool.uut.state().retry.failures() == 1);
  pool.observe({seen(2, 1)});
  CHECK(pool.uut.state().retry.failures() == 0);
}

TEST_CASE("uses in the front count as traffic for the health check",
          "[trap-T44]") {
  auto config = pool_bench::with_front();
  config.health_check_interval = 10s;
  pool_bench pool{config};
  pool.fill(1);
  pool.wait(9s);
  pool.observe({seen(1, 1)});
  pool.wait(1s);
  CHECK(pool.tick() == lines{});
  pool.wait(10s);
  CHECK(pool.tick() == lines{"withdraw 1"});
  CHECK(pool.withdrawn(1, 1) == lines{"probe 1"});
  CHECK(pool.probed(1) == lines{"offer 1"});
}

TEST_CASE("a dirty return is reset, a clean one offered again") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(1);
  CHECK(pool.returned(1, after(1, trace::dirty)) == lines{"reset 1"});
  CHECK(pool.reset_done(1) == lines{"offer 1"});
  CHECK(pool.returned(1, after(2)) == lines{"offer 1"});
}

TEST_CASE("a broken return counts as a failure of the server") {
  auto config = pool_bench::with_front();
  config.breaker.consecutive_failures = 1;
  pool_bench pool{config};
  pool.fill(1);
  CHECK(pool.returned(1, broken_after(1)) == lines{"abort 1", "shut front"});
  CHECK(pool.uut.state().breaker.state() == breaker_state::open);
}

TEST_CASE("a look may be faster than the message of a return", "[A05]") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(1);
  pool.observe({seen(1, 3)});
  CHECK(pool.returned(1, after(3, trace::dirty)) == lines{"reset 1"});
  CHECK(pool.counters().acquired == 4);
  CHECK(pool.counters().released == 4);
}

TEST_CASE(
  "a reconnect ends what is in the front at once, new settings a few "
  "at a time",
  "[L07][trap-T67]") {
  auto config = pool_bench::with_front();
  config.max_size = 3;
  pool_bench pool{config};
  pool.fill(3);
  SECTION("reconnect") {
    CHECK(pool.reconnect() == lines{"withdraw 1", "withdraw 2", "withdraw 3"});
    CHECK(pool.withdrawn(1) == lines{"close 1"});
    CHECK(pool.withdrawn(2) == lines{"close 2"});
    CHECK(pool.returned(3, after(1)) == lines{"close 3"});
  }
  SECTION("new settings") {
    CHECK(pool.configure(config, true)
          == lines{"withdraw 1", "withdraw 2", "withdraw 3"});
    CHECK(pool.withdrawn(1) == lines{});
    CHECK(pool.withdrawn(2) == lines{});
    CHECK(pool.returned(3, after(1)) == lines{"close 3"});
    CHECK(pool.pass(60s) == lines{"close 1"});
  }
}

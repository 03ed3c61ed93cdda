#include "machine/pool_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

// -- giving back --------------------------------------------------------------

TEST_CASE("a second release changes nothing", "[C07][trap-T7]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  auto lease = pool.lease_of(1);
  pool.release(lease);
  CHECK(pool.release(lease) == lines{});
  CHECK(pool.counters().stale_releases == 1);
  SECTION("nor when somebody else holds the connection") {
    pool.acquire(2);
    CHECK(pool.release(lease) == lines{});
    CHECK(pool.counters().stale_releases == 2);
    CHECK(pool.state_of(1) == connection_state::leased);
    CHECK(pool.gauges().leased == 1);
  }
}

TEST_CASE("a release with a foreign lease id is refused", "[C08]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  auto lease = pool.lease_of(1);
  lease.epoch = pool_epoch{9};
  pool.release(lease);
  pool.release(lease_id{pool_epoch{1}, connection_id{77}, 1});
  CHECK(pool.counters().stale_releases == 2);
  CHECK(pool.gauges().leased == 1);
}

TEST_CASE("a holder's death and its release may come in either order",
          "[trap-T8]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  auto lease = pool.lease_of(1);
  SECTION("the release first") {
    pool.release(lease);
    pool.uut.holder_lost(lease, true, pool.now);
    CHECK(pool.state_of(1) == connection_state::idle);
  }
  SECTION("the death first") {
    CHECK(pool.holder_lost(1, false) == lines{"reset 1"});
    CHECK(pool.release(lease) == lines{});
    CHECK(pool.state_of(1) == connection_state::resetting);
  }
  CHECK(pool.counters().stale_releases == 1);
}

TEST_CASE("a clean lease skips the reset, a dirty one does not", "[V11]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  CHECK(pool.release(1, trace::clean) == lines{});
  pool.acquire(2);
  CHECK(pool.release(1, trace::dirty) == lines{"reset 1"});
  CHECK(pool.acquire(3) == lines{}); // it will be free soon
  CHECK(pool.reset_done(1) == lines{"grant 3 1.1.4"});
  CHECK(pool.counters().resets == 1);
}

TEST_CASE("the policy on resets is obeyed") {
  auto config = pool_bench::plain();
  SECTION("none: even a dirty one is used as it is") {
    config.reset_on_release = reset_policy::none;
    pool_bench pool{config};
    pool.fill(1);
    pool.acquire(1);
    CHECK(pool.release(1, trace::dirty) == lines{});
    CHECK(pool.gauges().idle == 1);
  }
  SECTION("full: even a clean one is reset, unless it was not used") {
    config.reset_on_release = reset_policy::full;
    pool_bench pool{config};
    pool.acquire(1);
    pool.opened(1);
    CHECK(pool.release(1, trace::clean) == lines{"reset 1"});
    pool.reset_done(1);
    pool.acquire(2);
    lease_end how;
    how.unused = true;
    CHECK(pool.release(1, how) == lines{});
  }
}

TEST_CASE("a failed reset ends the connection, not the next caller", "[V02]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  pool.release(1, trace::dirty);
  pool.acquire(2);
  CHECK(pool.reset_done(1, false) == lines{"abort 1", "open 2"});
  CHECK(pool.counters().reset_failures == 1);
  CHECK(pool.opened(2) == lines{"grant 2 1.2.1"});
}

TEST_CASE("a connection that its backend wants replaced is no failure") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  pool.release(1, trace::dirty);
  pool.uut.reset_done(connection_id{1},
                      {errc::closed, "its buffers are large", {}}, pool.now);
  CHECK(pool.state_of(1) == connection_state::closing);
  CHECK(pool.counters().reset_failures == 0);
  CHECK(pool.counters().lost == 0);
  CHECK(pool.counters().retired == 1);
}

TEST_CASE("a broken connection is never used again", "[V03][V14][trap-T20]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2);
  CHECK(pool.release(1, trace::broken) == lines{"abort 1"});
  CHECK(pool.counters().lost == 1);
  CHECK(pool.opened(2) == lines{"grant 2 1.2.1"});
}

TEST_CASE("a release without a use does not count as one") {
  pool_bench pool;
  pool.fill(1);
  auto used = pool.uut.state().table.find(connection_id{1})->age.last_used;
  pool.wait(1s);
  pool.acquire(1);
  lease_end how;
  how.unused = true;
  pool.release(1, how);
  CHECK(pool.uut.state().table.find(connection_id{1})->age.last_used == used);
}

// -- holders that are gone ----------------------------------------------------

TEST_CASE("a dead holder's connection is reset before the next use",
          "[K02][trap-T3]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  CHECK(pool.holder_lost(1, false) == lines{"reset 1"});
  CHECK(pool.counters().leases_revoked == 1);
  pool.acquire(2);
  CHECK(pool.reset_done(1) == lines{"grant 2 1.1.3"});
}

TEST_CASE("a connection in use by a dead holder is quarantined",
          "[trap-T18][trap-T19]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  CHECK(pool.holder_lost(1, true) == lines{"cancel 1"});
  CHECK(pool.gauges().quarantined == 1);
  SECTION("until nothing runs on it any more") {
    CHECK(pool.settled(1) == lines{"reset 1"});
    CHECK(pool.reset_done(1) == lines{});
    CHECK(pool.gauges().idle == 1);
  }
  SECTION("and ended if it broke") {
    lease_end how;
    how.left = trace::broken;
    how.why = pool_bench::failure();
    CHECK(pool.settled(1, how) == lines{"abort 1"});
  }
  SECTION("and ended if that takes too long") {
    CHECK(pool.pass(5999ms) == lines{});
    CHECK(pool.pass(1ms) == lines{"abort 1"});
    CHECK(pool.settled(1) == lines{});
  }
}

TEST_CASE("without resets a dead holder's connection is closed") {
  auto config = pool_bench::plain();
  config.reset_on_release = reset_policy::none;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  CHECK(pool.holder_lost(1, false) == lines{"abort 1"});
}

TEST_CASE("a dead holder is no proof of a healthy server") {
  pool_bench pool;
  pool.acquire(1);
  pool.open_failed(1);
  pool.pass(500ms);
  pool.opened(2);
  pool.holder_lost(2, false);
  CHECK(pool.uut.state().retry.failures() == 1);
}

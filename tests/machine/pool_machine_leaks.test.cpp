#include "machine/pool_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

pool_config watchful() {
  auto result = pool_bench::plain();
  result.leak_threshold = 10s;
  result.leak_revoke = 60s;
  return result;
}

} // namespace

TEST_CASE("a lease held for long is told once, with its holder",
          "[K01][trap-T73]") {
  pool_bench pool{watchful()};
  pool.fill(1);
  pool.acquire(1);
  CHECK(pool.pass(9999ms) == lines{});
  CHECK(pool.events().empty());
  pool.pass(1ms);
  CHECK(pool.events() == lines{"leak_suspected 1"});
  CHECK(pool.text_of(event_kind::leak_suspected)
        == "held for 10s by caller 1; release the lease, or acquire it with "
           "the time it needs");
  pool.pass(40s);
  CHECK(pool.events().empty());
  CHECK(pool.counters().leaks_suspected == 1);
  SECTION("and its return, too") {
    pool.release(1);
    CHECK(pool.events() == lines{"leak_cleared 1"});
    CHECK(pool.text_of(event_kind::leak_cleared) == "caller 1");
  }
}

TEST_CASE("a lease held for too long is taken away", "[K04][trap-T73]") {
  pool_bench pool{watchful()};
  pool.fill(1);
  pool.acquire(1);
  auto lease = pool.lease_of(1);
  auto orders = pool.pass(60s);
  CHECK(orders == lines{"revoke 1.1.2", "abort 1"});
  CHECK(pool.events()
        == lines{"leak_suspected 1", "lease_revoked 1", "connection_lost 1"});
  CHECK(pool.counters().leases_revoked == 1);
  // The holder finds out late: nothing of it hits anybody else.
  CHECK(pool.release(lease) == lines{});
  CHECK(pool.returned(1) == lines{});
  CHECK(pool.counters().stale_releases == 2);
  CHECK(pool.counters().released == 1);
}

TEST_CASE("a leak is not the server's fault") {
  pool_bench pool{watchful()};
  pool.fill(2);
  pool.acquire(1);
  pool.pass(60s);
  CHECK_FALSE(pool.uut.state().last_error);
  CHECK(pool.uut.state().retry.failures() == 0);
  CHECK(pool.acquire(2) == lines{"grant 2 1.1.2"}); // not suspect
}

TEST_CASE("who says that it needs longer has longer", "[trap-T73]") {
  pool_bench pool{watchful()};
  pool.fill(1);
  acquire_input x;
  x.caller = ticket{1};
  x.how.wait_until = pool.now + 1s;
  x.how.expected = 100s;
  pool.acquire(x);
  CHECK(pool.pass(99s) == lines{});
  CHECK(pool.events().empty());
  CHECK(pool.pass(1s) == lines{"revoke 1.1.2", "abort 1"});
}

TEST_CASE("without thresholds nobody is suspected") {
  auto config = pool_bench::plain();
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.pass(24h);
  CHECK(pool.events().empty());
  CHECK(pool.state_of(1) == connection_state::leased);
}

TEST_CASE("thresholds that come later apply to leases of before") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  pool.pass(30s);
  pool.configure(watchful());
  pool.events();
  pool.pass(1ms);
  CHECK(pool.events() == lines{"leak_suspected 1"});
}

TEST_CASE("a snapshot shows who holds what for how long") {
  pool_bench pool{watchful()};
  pool.fill(1);
  pool.acquire(1);
  pool.pass(12s);
  auto leases = pool.uut.snapshot(pool.now).leases;
  REQUIRE(leases.size() == 1);
  CHECK(leases[0].holder == "caller 1");
  CHECK(leases[0].held == 12s);
  CHECK(leases[0].suspected);
}

// -- error texts --------------------------------------------------------------

TEST_CASE("a timeout tells the pool's numbers and what to try", "[trap-T70]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.wait(1s);
  pool.acquire(2);
  pool.acquire(3, 250ms);
  pool.pass(250ms);
  CHECK(pool.why.code == errc::acquire_timeout);
  CHECK(pool.why.message
        == "no connection within 250ms (2 of 2 leased, 0 idle, 0 opening, 0 "
           "waiting, breaker closed; longest lease 1.25s by caller 1); "
           "release leases sooner, raise max_size, or allow more time with "
           "acquire_timeout");
}

TEST_CASE("a timeout while the server is down tells its last failure",
          "[trap-T70][T04]") {
  pool_bench pool;
  pool.acquire(1, 300ms);
  pool.open_failed(1);
  pool.pass(300ms);
  CHECK_THAT(
    pool.why.message,
    ContainsSubstring("last failure: open_failed: the server said no"));
  CHECK_THAT(pool.why.message, ContainsSubstring("does not accept"));
}

TEST_CASE("a full queue tells its limit", "[Z10][trap-T70]") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  config.max_waiters = 1;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3);
  CHECK_THAT(pool.why.message, StartsWith("1 callers wait already"));
  CHECK_THAT(pool.why.message, ContainsSubstring("1 of 1 leased"));
}

TEST_CASE("every phase that ends a wait has a code of its own") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  SECTION("paused") {
    pool.pause();
    pool.acquire(3, 1s);
    pool.pass(1s);
    CHECK(pool.why.code == errc::paused);
  }
  SECTION("draining") {
    pool.drain();
    pool.acquire(3);
    CHECK(pool.why.code == errc::draining);
  }
  SECTION("closed") {
    pool.shut_down();
    pool.acquire(3);
    CHECK(pool.why.code == errc::closed);
  }
  SECTION("not free") {
    pool.try_acquire(3);
    CHECK(pool.why.code == errc::acquire_timeout);
    CHECK_THAT(pool.why.message, StartsWith("no connection is free"));
  }
}

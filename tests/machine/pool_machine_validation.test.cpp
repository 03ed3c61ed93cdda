#include "machine/pool_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

pool_config validating() {
  auto result = pool_bench::plain();
  result.max_size = 5;
  result.validate_on_acquire = true;
  return result;
}

} // namespace

TEST_CASE("a connection that worked just now is granted without a probe",
          "[V06][trap-T27]") {
  pool_bench pool{validating()};
  pool.fill(1);
  pool.wait(500ms);
  CHECK(pool.acquire(1) == lines{"grant 1 1.1.2"});
}

TEST_CASE("a connection that rested is probed for the caller", "[V06]") {
  pool_bench pool{validating()};
  pool.fill(1);
  pool.wait(501ms);
  CHECK(pool.acquire(1) == lines{"probe 1"});
  CHECK(pool.probed(1) == lines{"grant 1 1.1.2"});
  CHECK(pool.counters().probes == 1);
}

TEST_CASE("a probe has a limit of its own", "[trap-T28][T16]") {
  pool_bench pool{validating()};
  pool.fill(1);
  pool.wait(1s);
  pool.acquire(1, 2s);
  auto& order = std::get<effect::probe_connection>(pool.last.front());
  CHECK(order.deadline == pool.now + 5s);
  // The caller's deadline holds all the same.
  CHECK(pool.pass(2s) == lines{"reject 1 acquire_timeout"});
  // A worker that never comes back is given up.
  CHECK(pool.pass(4s) == lines{"abort 1"});
  CHECK(pool.counters().probe_failures == 1);
  CHECK(pool.probed(1) == lines{});
}

TEST_CASE("a failing probe costs the caller nothing but time",
          "[V04][V07][trap-T27]") {
  pool_bench pool{validating()};
  pool.fill(2);
  pool.wait(1s);
  CHECK(pool.acquire(1) == lines{"probe 2"});
  CHECK(pool.probed(2, false) == lines{"abort 2", "probe 1"});
  CHECK(pool.probed(1) == lines{"grant 1 1.1.2"});
}

TEST_CASE("three failed probes end every suspect connection", "[trap-T27]") {
  pool_bench pool{validating()};
  pool.fill(5);
  pool.wait(1s);
  CHECK(pool.acquire(1) == lines{"probe 5"});
  CHECK(pool.probed(5, false) == lines{"abort 5", "probe 4"});
  CHECK(pool.probed(4, false) == lines{"abort 4", "probe 3"});
  CHECK(pool.probed(3, false) == lines{"abort 3", "abort 1", "abort 2"});
  // All five may still count at the server, so that one must be gone first.
  CHECK(pool.closed(1) == lines{"open 6"});
  CHECK(pool.opened(6) == lines{"grant 1 1.6.1"});
}

TEST_CASE("a connection that works after the failure is not given up") {
  pool_bench pool{validating()};
  pool.fill(5);
  pool.acquire(11); // holds 5
  pool.wait(1s);
  pool.acquire(1);
  pool.probed(4, false);
  pool.probed(3, false);
  pool.release(5);
  // The release was proof, and served the waiter.
  CHECK(pool.state_of(5) == connection_state::leased);
  CHECK(pool.probed(2, false) == lines{"abort 2"});
  CHECK(pool.state_of(1) == connection_state::idle);
}

TEST_CASE("one broken connection makes the others suspect", "[trap-T27]") {
  auto config = validating();
  config.validate_on_acquire = false; // suspicion goes first
  pool_bench pool{config};
  pool.fill(2);
  pool.acquire(1);
  lease_end how;
  how.left = trace::broken;
  how.why = pool_bench::failure();
  pool.wait(1ms);
  CHECK(pool.release(2, how) == lines{"abort 2"});
  CHECK(pool.acquire(2) == lines{"probe 1"});
  CHECK(pool.probed(1) == lines{"grant 2 1.1.2"});
}

TEST_CASE("a holder's own mistake makes nothing suspect", "[V13]") {
  auto config = validating();
  config.validate_on_acquire = false;
  pool_bench pool{config};
  pool.fill(2);
  pool.acquire(1);
  pool.wait(1ms);
  CHECK(pool.release(2, trace::broken) == lines{"abort 2"});
  CHECK(pool.acquire(2) == lines{"grant 2 1.1.2"});
  CHECK_FALSE(pool.uut.state().last_error);
  CHECK(pool.uut.state().retry.failures() == 0);
}

TEST_CASE("last in, first out prefers a proven connection to a probe") {
  auto config = validating();
  pool_bench pool{config};
  pool.fill(2);
  pool.wait(1s);
  pool.acquire(1);
  pool.probed(2);
  pool.release(2);
  // An unused lease leaves its connection on top, unproven.
  pool.wait(400ms);
  CHECK(pool.acquire(2) == lines{"grant 2 1.2.3"});
  pool.acquire(3);
  pool.probed(1);
  pool.release(2);
  lease_end how;
  how.unused = true;
  pool.wait(501ms);
  pool.release(1, how);
  CHECK(pool.acquire(4) == lines{"probe 1"});
  pool.probed(1);
  CHECK(pool.state_of(1) == connection_state::leased);
}

TEST_CASE("there are no more probes than waiters") {
  pool_bench pool{validating()};
  pool.fill(5);
  pool.wait(1s);
  CHECK(pool.acquire(1) == lines{"probe 5"});
  CHECK(pool.tick() == lines{});
  CHECK(pool.acquire(2) == lines{"probe 4"});
  // Whoever comes first goes to the head of the queue.
  CHECK(pool.probed(4) == lines{"grant 1 1.4.2"});
  CHECK(pool.probed(5) == lines{"grant 2 1.5.2"});
}

TEST_CASE("a server that stays down answers no probe for ever", "[V05][V09]") {
  pool_bench pool{validating()};
  pool.fill(1);
  pool.wait(2s);
  CHECK(pool.acquire(1) == lines{"probe 1"});
  CHECK(pool.probed(1, false) == lines{"abort 1", "open 2"});
  CHECK(pool.open_failed(2) == lines{});
  CHECK(pool.pass(499ms) == lines{});
  CHECK(pool.pass(1ms) == lines{"open 3"});
  CHECK(pool.counters().probes == 1);
}

// -- when a lease ends --------------------------------------------------------

namespace {

pool_config looking_after() {
  auto result = pool_bench::plain();
  result.validate_on_release = true;
  return result;
}

} // namespace

TEST_CASE("a connection can be probed when its lease ends", "[V06]") {
  pool_bench pool{looking_after()};
  pool.acquire(1);
  pool.opened(1);
  CHECK(pool.release(1) == lines{"probe 1"});
  SECTION("then the next caller gets it") {
    CHECK(pool.probed(1) == lines{});
    CHECK(pool.acquire(2) == lines{"grant 2 1.1.2"});
  }
  SECTION("who may wait for that") {
    CHECK(pool.acquire(2) == lines{});
    CHECK(pool.probed(1) == lines{"grant 2 1.1.2"});
  }
  SECTION("or gets another, if it is dead") {
    CHECK(pool.probed(1, false) == lines{"abort 1"});
    CHECK(pool.acquire(2) == lines{"open 2"});
  }
}

TEST_CASE("a connection is reset first, and probed then") {
  pool_bench pool{looking_after()};
  pool.acquire(1);
  pool.opened(1);
  CHECK(pool.release(1, trace::dirty) == lines{"reset 1"});
  CHECK(pool.reset_done(1) == lines{"probe 1"});
  CHECK(pool.probed(1) == lines{});
}

TEST_CASE("a connection that nobody used is not probed for it") {
  pool_bench pool{looking_after()};
  pool.acquire(1);
  pool.opened(1);
  lease_end how;
  how.unused = true;
  CHECK(pool.release(1, how) == lines{});
}

TEST_CASE("a server that is left in peace is not asked at the end of a lease",
          "[trap-T37]") {
  pool_bench pool{looking_after()};
  pool.acquire(1);
  pool.opened(1);
  pool.force(breaker_state::forced_open);
  CHECK(pool.release(1) == lines{});
}

TEST_CASE("a pool that ends closes what comes back at once") {
  pool_bench pool{looking_after()};
  pool.acquire(1);
  pool.opened(1);
  pool.drain();
  CHECK(pool.release(1) == lines{"close 1"});
}

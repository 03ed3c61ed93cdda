#include "machine/pool_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

// -- drain --------------------------------------------------------------------

TEST_CASE("draining lets leases end and closes everything", "[S02]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3);
  CHECK(pool.drain() == lines{"reject 3 draining"});
  CHECK(pool.acquire(4) == lines{"reject 4 draining"});
  CHECK(pool.release(1) == lines{"close 1"});
  CHECK(pool.release(2, trace::dirty) == lines{"close 2"});
  CHECK(pool.closed(1) == lines{});
  CHECK(pool.closed(2) == lines{});
  CHECK(pool.uut.state().life == pool_life::closed);
  CHECK(pool.uut.next_wakeup() == never);
  auto events = pool.events();
  CHECK(events.back() == "drained");
  CHECK(std::count(events.begin(), events.end(), "drained") == 1);
  CHECK(pool.acquire(5) == lines{"reject 5 closed"});
}

TEST_CASE("an empty pool drains at once") {
  pool_bench pool;
  CHECK(pool.drain() == lines{});
  CHECK(pool.events() == lines{"draining", "drained"});
  pool.drain();
  CHECK(pool.events().empty());
}

TEST_CASE("a connection that opens into a draining pool is closed", "[S03]") {
  pool_bench pool;
  pool.acquire(1);
  pool.drain();
  CHECK(pool.opened(1) == lines{"close 1"});
  pool.closed(1);
  CHECK(pool.uut.state().life == pool_life::closed);
}

TEST_CASE("probes, resets and statements end before a pool does", "[S04]") {
  auto config = pool_bench::plain();
  config.validate_on_acquire = true;
  config.max_size = 3;
  pool_bench pool{config};
  pool.fill(3);
  pool.acquire(1);
  pool.acquire(2);
  pool.release(3, trace::dirty);
  pool.holder_lost(2, true);
  pool.wait(1s);
  pool.acquire(3);
  REQUIRE(pool.state_of(1) == connection_state::probing);
  pool.drain();
  CHECK(pool.probed(1) == lines{"close 1"});
  CHECK(pool.settled(2) == lines{"close 2"});
  CHECK(pool.reset_done(3) == lines{"close 3"});
  for (std::uint64_t i = 1; i <= 3; ++i)
    pool.closed(i);
  CHECK(pool.events().back() == "drained");
}

// -- shut down ----------------------------------------------------------------

TEST_CASE("shutting down fences holders off and closes everything",
          "[S01][S05]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  auto lease = pool.lease_of(2);
  CHECK(pool.shut_down() == lines{"revoke 1.2.2", "abort 2", "close 1"});
  CHECK(pool.release(lease) == lines{});
  CHECK(pool.counters().stale_releases == 1);
  CHECK(pool.shut_down() == lines{});
  pool.closed(1);
  pool.closed(2);
  CHECK(pool.events().back() == "drained");
  CHECK(pool.uut.next_wakeup() == never);
}

TEST_CASE("shutting down rejects waiters at once", "[S02]") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2);
  CHECK(pool.shut_down()
        == lines{"reject 2 closed", "revoke 1.1.2", "abort 1"});
}

TEST_CASE("shutting down ends a drain that takes too long", "[S06]") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  pool.drain();
  CHECK(pool.pass(30s) == lines{});
  CHECK(pool.shut_down() == lines{"revoke 1.1.2", "abort 1"});
}

TEST_CASE("a close that nobody confirms does not keep a pool for ever") {
  pool_bench pool;
  pool.fill(1);
  pool.shut_down();
  pool.pass(6s);
  CHECK(pool.events().back() == "drained");
}

// -- pause --------------------------------------------------------------------

TEST_CASE("callers of a paused pool wait and are served afterwards",
          "[S09][trap-T69]") {
  pool_bench pool;
  pool.fill(2);
  CHECK(pool.pause() == lines{});
  CHECK(pool.acquire(1) == lines{});
  CHECK(pool.acquire(2, 1s) == lines{});
  CHECK(pool.pass(1s) == lines{"reject 2 paused"});
  CHECK(pool.counters().rejected == 1);
  CHECK(pool.resume() == lines{"grant 1 1.2.2"});
  CHECK(pool.events() == lines{"paused", "resumed"});
}

TEST_CASE("a lease may end while the pool is paused") {
  pool_bench pool;
  pool.fill(1);
  pool.acquire(1);
  pool.pause();
  pool.acquire(2);
  CHECK(pool.release(1) == lines{});
  CHECK(pool.resume() == lines{"grant 2 1.1.3"});
}

TEST_CASE("whoever looks hears why nobody is served") {
  pool_bench pool;
  pool.fill(1);
  auto reasons = [&pool] { return pool.uut.snapshot(pool.now).reasons; };
  CHECK(reasons().empty());
  pool.pause();
  CHECK(reasons() == lines{"paused: callers wait until it is resumed"});
  pool.resume();
  CHECK(reasons().empty());
  pool.acquire(1);
  pool.drain();
  REQUIRE(reasons().size() == 1);
  CHECK_THAT(reasons().front(), StartsWith("draining: 1 of 2 leased"));
}

TEST_CASE("pausing twice and resuming what is not paused change nothing") {
  pool_bench pool;
  pool.resume();
  CHECK(pool.events().empty());
  pool.pause();
  pool.pause();
  CHECK(pool.events() == lines{"paused"});
  pool.drain();
  pool.resume();
  CHECK(pool.uut.snapshot(pool.now).status == pool_status::closed);
}

TEST_CASE("a paused pool that sheds does not spin") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  config.shed_overload = true;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.pause();
  pool.acquire(2, 30s);
  pool.pass(10s);
  CHECK(pool.uut.next_wakeup() == pool.now + 20s);
}

// -- reconnect ----------------------------------------------------------------

TEST_CASE("reconnect replaces everything, leases when they end", "[L07]") {
  pool_bench pool;
  pool.fill(2);
  pool.acquire(1);
  CHECK(pool.reconnect() == lines{"close 1"});
  CHECK(pool.release(2) == lines{"close 2"});
  CHECK(pool.text_of(event_kind::connection_retired)
        == "replaced by a newer generation");
  pool.closed(1);
  pool.closed(2);
  CHECK(pool.acquire(2) == lines{"open 3"});
}

TEST_CASE("reconnect fills the minimum again") {
  auto config = pool_bench::plain();
  config.min_size = 1;
  pool_bench pool{config};
  pool.fill(1);
  CHECK(pool.reconnect() == lines{"close 1", "open 2"});
}

// -- new settings -------------------------------------------------------------

TEST_CASE("a smaller maximum closes the idle ones and then the leased",
          "[Z07]") {
  auto config = pool_bench::plain();
  config.max_size = 4;
  pool_bench pool{config};
  pool.fill(4);
  pool.acquire(1);
  pool.acquire(2);
  pool.acquire(3);
  config.max_size = 1;
  CHECK(pool.configure(config) == lines{"close 1"});
  CHECK(pool.acquire(4) == lines{});
  // The waiter gets none that is too many.
  CHECK(pool.release(4) == lines{"close 4"});
  CHECK(pool.release(3) == lines{"close 3"});
  CHECK(pool.release(2) == lines{"grant 4 1.2.3"});
}

TEST_CASE("a larger maximum serves waiters at once", "[Z07]") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1);
  pool.acquire(2);
  config.max_size = 2;
  CHECK(pool.configure(config) == lines{"open 2"});
  CHECK(pool.events().back() == "reconfigured");
}

TEST_CASE("recycling is spread over sweeps and releases", "[trap-T67][F03]") {
  auto config = pool_bench::plain();
  config.max_size = 30;
  pool_bench pool{config};
  pool.fill(30);
  pool.acquire(1);
  CHECK(pool.configure(config, true) == lines{});
  SECTION("some at each sweep") {
    CHECK(pool.pass(60s) == lines{"close 1", "close 2", "close 3"});
    CHECK(pool.pass(59s) == lines{});
    CHECK(pool.pass(7s) == lines{"close 4", "close 5", "close 6"});
  }
  SECTION("a lease when it ends") {
    CHECK(pool.release(30) == lines{"close 30"});
  }
  SECTION("a caller gets no old one, and costs one old one at most", "[C17]") {
    CHECK(pool.acquire(2) == lines{"close 29"});
    CHECK(pool.tick() == lines{});
    CHECK(pool.closed(29) == lines{"open 31"});
    CHECK(pool.opened(31) == lines{"grant 2 1.31.1"});
  }
}

TEST_CASE("new settings alone recycle nothing", "[trap-T67][F03]") {
  pool_bench pool;
  pool.fill(2);
  auto config = pool_bench::plain();
  config.acquire_timeout = 1s;
  CHECK(pool.configure(config) == lines{});
  CHECK(pool.acquire(1) == lines{"grant 1 1.2.2"});
}

TEST_CASE("a smaller queue keeps those who wait") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  pool_bench pool{config};
  pool.fill(1);
  for (std::uint64_t i = 1; i <= 4; ++i)
    pool.acquire(i);
  config.max_waiters = 1;
  CHECK(pool.configure(config) == lines{});
  CHECK(pool.acquire(5) == lines{"reject 5 queue_full"});
  CHECK(pool.release(1) == lines{"grant 2 1.1.3"});
}

// -- overload -----------------------------------------------------------------

TEST_CASE("an overloaded pool sheds instead of serving everyone too late",
          "[Z15][trap-T14]") {
  auto config = pool_bench::plain();
  config.max_size = 1;
  config.max_waiters = 1000;
  config.shed_overload = true;
  config.shed_target = 50ms;
  config.shed_interval = 1s;
  pool_bench pool{config};
  pool.fill(1);
  pool.acquire(1, 1h);
  // Two callers come for each that goes.
  std::uint64_t next = 2;
  for (int i = 0; i < 400; ++i) {
    pool.acquire(next++, 300ms);
    pool.acquire(next++, 300ms);
    pool.pass(10ms);
    pool.release(1);
  }
  CHECK(pool.counters().shed > 0);
  CHECK(pool.why.code == errc::overloaded);
  // Those that are served did not wait for long.
  auto& grant = std::get<effect::grant>(pool.last.back());
  CHECK(grant.waited <= 200ms);
}

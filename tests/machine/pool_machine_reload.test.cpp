// What new settings do to what the machine has decided already.

#include "machine/pool_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

pool_config slow_to_retry() {
  auto config = pool_bench::plain();
  config.retry.start = 1h;
  config.retry.floor = 1h;
  config.retry.cap = 1h;
  config.shed_overload = false; // callers wait for hours
  return config;
}

} // namespace

TEST_CASE("a new way to the server waits for no delay of the old one",
          "[F05]") {
  auto config = slow_to_retry();
  pool_bench pool{config};
  pool.acquire(1, 10h);
  SECTION("if the old one failed") {
    pool.open_failed(1);
  }
  SECTION("if the old one was refused for good") {
    pool.open_failed(1, errc::open_refused);
    pool.acquire(2, 10h);
  }
  CHECK(pool.pass(10s) == lines{});
  pool.configure(config, true);
  pool.acquire(3, 10h);
  CHECK(pool.uut.state().table.last_id() == 2);
}

TEST_CASE("an opening by the old way that fails delays no other one", "[F05]") {
  auto config = slow_to_retry();
  pool_bench pool{config};
  pool.acquire(1, 10h);
  CHECK(pool.configure(config, true) == lines{"call off 1", "open 2"});
  CHECK(pool.open_failed(1, errc::open_refused) == lines{});
  CHECK(pool.opened(2) == lines{"grant 1 1.2.1"});
  CHECK(pool.counters().open_failures == 1);
}

TEST_CASE("other delays count at once", "[F04]") {
  auto config = slow_to_retry();
  pool_bench pool{config};
  pool.acquire(1, 10h);
  pool.open_failed(1);
  CHECK(pool.pass(10s) == lines{});
  config.retry.cap = 2h;
  CHECK(pool.configure(config) == lines{"open 2"});
}

TEST_CASE("a shorter lifetime holds for connections that are open", "[F04]") {
  auto config = pool_bench::plain();
  config.max_lifetime = 10h;
  config.lifetime_jitter_percent = 0;
  pool_bench pool{config};
  pool.fill(1);
  config.max_lifetime = 1min;
  config.min_size = 0;
  pool.configure(config);
  CHECK(pool.pass(3min) == lines{"close 1"});
}

TEST_CASE("a pool that is to be warm fills up without a caller", "[F04]") {
  auto config = pool_bench::plain();
  config.min_size = 1;
  pool_bench pool{config};
  config.warm_up = warm_up_policy::to_min;
  CHECK(pool.configure(config) == lines{"open 1"});
}

#include "machine/pool_bench.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

// What a pool tells about each of its connections.

TEST_CASE("each connection is shown with its age, rest and uses") {
  pool_bench pool;
  pool.acquire(1);
  pool.opened(1);
  pool.wait(1s);
  pool.acquire(2);
  pool.opened(2);
  pool.wait(2s);
  pool.release(1);
  pool.wait(3s);
  CHECK(pool.uut.snapshot(pool.now).connections
        == std::vector<connection_info>{{{1}, "idle", 6s, 3s, 1},
                                        {{2}, "leased", 5s, 0s, 1}});
  pool.acquire(3);
  pool.release(1);
  CHECK(pool.uut.snapshot(pool.now).connections.front()
        == connection_info{{1}, "idle", 6s, 0s, 2});
}

TEST_CASE("a connection that nobody has used rests since it was opened") {
  pool_bench pool;
  pool.acquire(1);
  CHECK(pool.uut.snapshot(pool.now).connections
        == std::vector<connection_info>{{{1}, "opening", 0s, 0s, 0}});
  pool.cancel(1);
  pool.wait(1s);
  pool.opened(1);
  pool.wait(2s);
  CHECK(pool.uut.snapshot(pool.now).connections
        == std::vector<connection_info>{{{1}, "idle", 2s, 2s, 0}});
}

TEST_CASE("uses in the front count, and its holders show") {
  pool_bench pool{pool_bench::with_front()};
  pool.fill(2);
  pool.wait(1s);
  auto since = pool.now;
  pool.observe({{connection_id{1}, true, 7, 8, since, "thread 1"},
                {connection_id{2}, false, 5, 6, since, {}}});
  pool.wait(1s);
  auto shown = pool.uut.snapshot(pool.now).connections;
  CHECK(shown[0].state == "leased");
  CHECK(shown[0].unused_for == 0s);
  CHECK(shown[0].uses == 8); // and the grant at the beginning
  CHECK(shown[1].state == "idle");
  CHECK(shown[1].unused_for == 1s);
  CHECK(shown[1].uses == 6);
}

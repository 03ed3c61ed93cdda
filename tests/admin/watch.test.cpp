#include "caf_pool/admin/watch.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"

#include <chrono>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

time_point at(duration x) {
  return time_point{1h + x};
}

const pool_watch::wall_time noon{43200s};

pool_snapshot with_acquired(std::uint64_t n) {
  auto x = test::sample_pool();
  x.counters.acquired = n;
  return x;
}

} // namespace

TEST_CASE("one look serves all requests that came before it") {
  pool_watch uut;
  auto first = uut.want();
  auto second = uut.want();
  CHECK(first == second);
  CHECK(uut.start(at(0ms)) == first);
  CHECK_FALSE(uut.start(at(0ms)));
  uut.done(first, std::vector{test::sample_pool()}, at(1ms), noon);
  CHECK(uut.satisfied(first));
  CHECK_FALSE(uut.start(at(2ms)));
}

TEST_CASE("a request is not served by a look that began before it", "[A05]") {
  pool_watch uut;
  auto first = uut.want();
  REQUIRE(uut.start(at(0ms)));
  auto second = uut.want();
  CHECK(second != first);
  CHECK_FALSE(uut.start(at(1ms))); // one at a time
  uut.done(first, std::vector{test::sample_pool()}, at(2ms), noon);
  CHECK_FALSE(uut.satisfied(second));
  CHECK(uut.report(second, at(2ms)).stale);
  CHECK_FALSE(uut.report(first, at(2ms)).stale);
  CHECK(uut.start(at(2ms)) == second);
  uut.done(second, std::vector{test::sample_pool()}, at(3ms), noon);
  CHECK_FALSE(uut.report(second, at(3ms)).stale);
}

TEST_CASE("a look without an answer is given up after a while", "[A04]") {
  pool_watch uut;
  uut.want();
  REQUIRE(uut.start(at(0ms)));
  auto second = uut.want();
  CHECK_FALSE(uut.start(at(pool_watch::answer_limit - 1ms)));
  CHECK(uut.start(at(pool_watch::answer_limit)) == second);
}

TEST_CASE("a late answer never turns a counter back", "[trap-T68]") {
  pool_watch uut;
  auto first = uut.want();
  REQUIRE(uut.start(at(0s)));
  auto second = uut.want();
  REQUIRE(uut.start(at(6s)));
  uut.done(second, std::vector{with_acquired(200)}, at(7s), noon);
  uut.done(first, std::vector{with_acquired(100)}, at(8s), noon);
  auto report = uut.report(second, at(9s));
  REQUIRE(report.pools.size() == 1);
  CHECK(report.pools[0].now.counters.acquired == 200);
  CHECK(report.age == 2s);
}

TEST_CASE("a look that fails leaves what is known, with the reason", "[A04]") {
  pool_watch uut;
  auto first = uut.want();
  REQUIRE(uut.start(at(0s)));
  uut.done(first, std::vector{test::sample_pool()}, at(0s), noon);
  auto second = uut.want();
  REQUIRE(uut.start(at(1s)));
  uut.done(second, error{errc::restarted, "gone", {}}, at(1s), noon);
  CHECK(uut.ended(second));
  auto report = uut.report(second, at(3s));
  CHECK(report.known);
  CHECK(report.stale);
  CHECK(report.age == 3s);
  CHECK(report.pools.size() == 1);
  CHECK(report.trouble.code == errc::restarted);
  auto third = uut.want();
  REQUIRE(uut.start(at(4s)) == third);
  uut.done(third, std::vector{test::sample_pool()}, at(4s), noon);
  CHECK_FALSE(uut.report(third, at(4s)).trouble);
}

TEST_CASE("nothing is known before the first answer", "[A04]") {
  pool_watch uut;
  auto look = uut.want();
  auto report = uut.report(look, at(0s));
  CHECK_FALSE(report.known);
  CHECK(report.stale);
  CHECK(report.age == 0s);
  CHECK(report.pools.empty());
}

TEST_CASE("a probe is dated by the look that has found it") {
  pool_watch uut;
  auto see = [&uut](std::uint64_t probes, pool_watch::wall_time wall) {
    auto pool = test::sample_pool();
    pool.counters.probes = probes;
    auto look = uut.want();
    uut.start(at(0s));
    uut.done(look, std::vector{pool}, at(0s), wall);
    return uut.report(look, at(0s)).pools.at(0).last_probe;
  };
  CHECK_FALSE(see(0, noon));
  CHECK(see(1, noon + 5s) == noon + 5s);
  CHECK(see(1, noon + 10s) == noon + 5s);
  CHECK(see(3, noon + 15s) == noon + 15s);
}

TEST_CASE("pools are in order, and one that is gone is forgotten") {
  pool_watch uut;
  auto look = uut.want();
  uut.start(at(0s));
  uut.done(look, std::vector{test::sample_pool("b"), test::sample_pool("a")},
           at(0s), noon);
  auto report = uut.report(look, at(0s));
  REQUIRE(report.pools.size() == 2);
  CHECK(report.pools[0].now.name == "a");
  look = uut.want();
  uut.start(at(0s));
  uut.done(look, std::vector{test::sample_pool("b")}, at(0s), noon);
  CHECK(uut.report(look, at(0s)).pools.size() == 1);
}

TEST_CASE("pools are told apart by the family of their backend") {
  pool_watch uut{{{"postgres", "database"}, {"redis", "redis"}}};
  auto look = uut.want();
  REQUIRE(uut.start(at(0ms)));
  auto other = test::sample_pool("other");
  other.backend = "redis_like";
  uut.done(look,
           std::vector{test::sample_pool("db"), other, test::sample_redis("r")},
           at(1ms), noon);
  auto pools = uut.report(look, at(1ms)).pools;
  REQUIRE(pools.size() == 3);
  CHECK(pools[0].family == "database");
  CHECK(pools[1].family == "database");
  CHECK(pools[2].family == "redis");
}

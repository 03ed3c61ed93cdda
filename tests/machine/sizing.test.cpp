#include "caf_pool/machine/policy/sizing.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <limits>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

// From 2 to 10 connections, two openings at a time, none there yet.
sizing_input plain() {
  sizing_input x;
  x.min = 2;
  x.max = 10;
  x.open_concurrency = 2;
  return x;
}

// The minimum is leased, a lease takes 2 ms and an opening 150 ms.
sizing_input in_use() {
  auto x = plain();
  x.leased = 2;
  x.typical_use = 2ms;
  x.typical_open = 150ms;
  return x;
}

sizing_input any_input() {
  auto count = [] { return *rc::gen::inRange<std::uint32_t>(0, 12); };
  auto span
    = [] { return std::chrono::milliseconds{*rc::gen::inRange(0, 300)}; };
  sizing_input x;
  x.min = count();
  x.max = 2 * count();
  x.overflow = count();
  x.opening = count();
  x.idle = count();
  x.leased = count();
  x.busy = count();
  x.closing = count();
  x.quarantined = count();
  x.waiting = *rc::gen::inRange<std::uint32_t>(0, 1000);
  x.queued_for = x.waiting == 0 ? 0ms : span();
  x.typical_use = span();
  x.typical_open = span();
  x.open_concurrency = count();
  x.may_open = *rc::gen::inRange(0, 10) > 0;
  x.ramping = *rc::gen::inRange(0, 2) > 0;
  x.ramp_limit = count();
  return x;
}

} // namespace

// -- opening ------------------------------------------------------------------

TEST_CASE("a pool below its minimum is filled up, whoever waits",
          "[trap-T30]") {
  auto x = plain();
  CHECK(connections_to_open(x) == 2);
  x.opening = 1;
  CHECK(connections_to_open(x) == 1);
  x.idle = 1;
  CHECK(connections_to_open(x) == 0);
  x.idle = 0;
  x.leased = 1;
  CHECK(connections_to_open(x) == 0);
  x.opening = 0;
  CHECK(connections_to_open(x) == 1);
}

TEST_CASE("what is closing or in quarantine does not serve as the minimum",
          "[trap-T30]") {
  auto x = plain();
  x.closing = 1;
  x.quarantined = 1;
  CHECK(connections_to_open(x) == 2);
}

TEST_CASE("closing connections count against the maximum", "[trap-T6][Z01]") {
  auto x = plain();
  x.waiting = 100;
  x.closing = 5;
  x.quarantined = 2;
  x.leased = 2;
  x.open_concurrency = 10;
  x.typical_use = 1h;
  x.typical_open = 1ms;
  CHECK(connections_to_open(x) == 1);
  x.closing = 6;
  CHECK(connections_to_open(x) == 0);
}

TEST_CASE("the maximum wins over the minimum", "[Z03]") {
  auto x = plain();
  x.min = 20;
  x.open_concurrency = 100;
  CHECK(connections_to_open(x) == 10);
  x.idle = 10;
  CHECK(connections_to_open(x) == 0);
  x.idle = 15; // after a resize
  CHECK(connections_to_open(x) == 0);
}

TEST_CASE("only so many openings are under way at a time", "[trap-T34]") {
  auto x = plain();
  x.min = 10;
  CHECK(connections_to_open(x) == 2);
  x.opening = 1;
  CHECK(connections_to_open(x) == 1);
  x.opening = 2;
  CHECK(connections_to_open(x) == 0);
  x.opening = 3; // after the setting was lowered
  CHECK(connections_to_open(x) == 0);
}

TEST_CASE("a recovering pool opens one, then two, then four at a time",
          "[trap-T35]") {
  auto x = plain();
  x.min = 10;
  x.open_concurrency = 4;
  x.ramping = true;
  CHECK(connections_to_open(x) == 1);
  x.ramp_limit = grown_ramp(x.ramp_limit);
  CHECK(connections_to_open(x) == 2);
  x.ramp_limit = grown_ramp(x.ramp_limit);
  CHECK(connections_to_open(x) == 4);
  x.ramp_limit = grown_ramp(x.ramp_limit);
  CHECK(connections_to_open(x) == 4); // never above the usual
  CHECK(grown_ramp(0) == 1);
  auto most = std::numeric_limits<std::uint32_t>::max();
  CHECK(grown_ramp(most) == most);
  CHECK(grown_ramp(most / 2 + 1) == most);
}

TEST_CASE("nothing is opened while backoff or breaker forbid it") {
  auto x = plain();
  x.waiting = 100;
  x.may_open = false;
  CHECK(connections_to_open(x) == 0);
  CHECK(forecast_left(x) == duration::max());
}

TEST_CASE("there are no more openings than waiters that nothing else serves",
          "[trap-T34]") {
  auto x = plain();
  x.min = 0;
  x.open_concurrency = 10;
  x.waiting = 3;
  CHECK(connections_to_open(x) == 3);
  x.opening = 2;
  CHECK(connections_to_open(x) == 1);
  x.opening = 3;
  CHECK(connections_to_open(x) == 0);
  x.opening = 0;
  x.busy = 2; // being reset or probed, free again soon
  x.typical_use = 1h;
  x.typical_open = 1ms;
  CHECK(connections_to_open(x) == 1);
  x.busy = 1;
  x.idle = 1;
  CHECK(connections_to_open(x) == 1);
  x.idle = 2;
  CHECK(connections_to_open(x) == 0);
}

TEST_CASE("nobody waiting, nothing to open above the minimum", "[Z06]") {
  auto x = in_use();
  x.leased = 8;
  CHECK(connections_to_open(x) == 0);
}

TEST_CASE("a burst that leases coming back will serve opens nothing", "[Z05]") {
  auto x = in_use();
  x.waiting = 150; // two connections come back 75 times each
  CHECK(connections_to_open(x) == 0);
  CHECK(forecast_left(x) == 150ms);
  x.waiting = 151;
  CHECK(connections_to_open(x) == 1);
  x.waiting = 1000;
  CHECK(connections_to_open(x) == 2); // as many as at a time
}

TEST_CASE("a queue that outlives its forecast opens one at a time",
          "[Z05][trap-T34]") {
  auto x = in_use();
  x.waiting = 10;
  x.queued_for = 100ms;
  CHECK(connections_to_open(x) == 0);
  CHECK(forecast_left(x) == 50ms);
  x.queued_for = 150ms;
  CHECK(connections_to_open(x) == 1);
  CHECK(forecast_left(x) == duration::max());
  x.opening = 1;
  CHECK(connections_to_open(x) == 0);
}

TEST_CASE("without a forecast openings start one at a time",
          "[Z05][trap-T34]") {
  auto x = in_use();
  x.waiting = 45;
  SECTION("because no lease has ended yet") {
    x.typical_use = 0s;
  }
  SECTION("because no opening has ended yet") {
    x.typical_open = 0s;
  }
  CHECK(forecast_left(x) == duration::max());
  CHECK(connections_to_open(x) == 1);
  x.opening = 1;
  CHECK(connections_to_open(x) == 0);
  x.opening = 0;
  x.leased = 3; // it is there, and somebody still waits
  CHECK(connections_to_open(x) == 1);
}

TEST_CASE("leases that take long relieve nobody") {
  auto x = in_use();
  x.waiting = 2;
  x.typical_use = 10s;
  CHECK(connections_to_open(x) == 2);
  x.typical_use = 149ms; // each comes back once
  CHECK(connections_to_open(x) == 0);
  x.typical_use = 151ms;
  CHECK(connections_to_open(x) == 2);
}

TEST_CASE("time alone changes nothing where no forecast holds openings back") {
  auto x = in_use();
  CHECK(forecast_left(x) == duration::max()); // nobody waits
  x.waiting = 10;
  x.leased = 10;
  CHECK(forecast_left(x) == duration::max()); // full
}

TEST_CASE("no figures overflow a forecast") {
  auto x = in_use();
  auto most = std::numeric_limits<std::uint32_t>::max();
  x.typical_use = 1ns;
  x.typical_open = duration::max();
  x.max = most;
  x.leased = 1000;
  x.waiting = most;
  CHECK(connections_to_open(x) == 0);
}

TEST_CASE("no input makes a pool open too many",
          "[trap-T6][trap-T30][trap-T34][Z01]") {
  CHECK(rc::check("opening", [] {
    auto x = any_input();
    auto n = connections_to_open(x);
    if (n > 0) {
      RC_ASSERT(x.may_open);
      RC_ASSERT(x.total() + n <= x.max);
      RC_ASSERT(x.opening + n <= x.open_concurrency);
      RC_ASSERT((!x.ramping || x.opening + n <= x.ramp_limit));
      auto for_min = x.serving() + x.opening + n <= x.min;
      RC_ASSERT((for_min || x.opening + x.idle + x.busy + n <= x.waiting));
    }
  }));
}

TEST_CASE("no input leaves somebody waiting who can only be served by opening",
          "[trap-T30]") {
  CHECK(rc::check("liveness", [] {
    auto x = any_input();
    auto allowed = x.may_open && x.total() < x.max && x.open_concurrency > 0
                   && (!x.ramping || x.ramp_limit > 0);
    if (x.waiting > 0 && x.serving() + x.opening == 0 && allowed)
      RC_ASSERT(connections_to_open(x) > 0);
    // The forecast ends: then at least one is opened if none is.
    auto left = forecast_left(x);
    if (left != duration::max()) {
      x.queued_for += left;
      auto brake = x.ramping ? std::min(x.ramp_limit, x.open_concurrency)
                             : x.open_concurrency;
      RC_ASSERT((connections_to_open(x) > 0 || x.opening > 0 || brake == 0));
    }
  }));
}

// -- retiring -----------------------------------------------------------------

TEST_CASE("few connections retire per sweep, the overflow first",
          "[trap-T31][trap-T32][L04]") {
  auto x = plain();
  x.idle = 10;
  using overdue = overdue_connections;
  CHECK(connections_to_retire(x, {5, 5}, 3) == overdue{3, 0});
  CHECK(connections_to_retire(x, {2, 5}, 3) == overdue{2, 1});
  CHECK(connections_to_retire(x, {0, 5}, 3) == overdue{0, 3});
  CHECK(connections_to_retire(x, {1, 1}, 3) == overdue{1, 1});
  CHECK(connections_to_retire(x, {0, 0}, 3) == overdue{0, 0});
}

TEST_CASE("retiring for idleness stops at the minimum", "[trap-T30][L04]") {
  auto x = plain();
  using overdue = overdue_connections;
  x.idle = 3;
  CHECK(connections_to_retire(x, {0, 3}, 10) == overdue{0, 1});
  x.idle = 2;
  CHECK(connections_to_retire(x, {2, 2}, 10) == overdue{0, 0});
  x.leased = 1; // what is in use counts
  CHECK(connections_to_retire(x, {0, 2}, 10) == overdue{0, 1});
  x.leased = 0;
  x.opening = 1; // what may still fail does not
  x.closing = 5;
  CHECK(connections_to_retire(x, {0, 2}, 10) == overdue{0, 0});
}

TEST_CASE("nothing retires for idleness while somebody waits") {
  auto x = plain();
  x.idle = 10;
  x.waiting = 1;
  CHECK(connections_to_retire(x, {5, 5}, 3) == overdue_connections{});
}

TEST_CASE("a sweep takes a tenth of the pool, at least one", "[trap-T24]") {
  CHECK(retirements_per_sweep(0) == 1);
  CHECK(retirements_per_sweep(1) == 1);
  CHECK(retirements_per_sweep(19) == 1);
  CHECK(retirements_per_sweep(200) == 20);
}

// -- estimates and the hook ---------------------------------------------------

TEST_CASE("an estimate follows its samples slowly") {
  CHECK(blended(0s, 80ms) == 80ms);
  CHECK(blended(80ms, 160ms) == 90ms);
  CHECK(blended(80ms, 0ms) == 70ms);
  auto x = blended(0s, 1s);
  for (int i = 0; i < 100; ++i)
    x = blended(x, 2ms);
  CHECK(x < 3ms);
}

#include "caf_pool/backend/redis_cluster/refresh_policy.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::cluster;
using namespace std::chrono_literals;

namespace {

const node_address seven{"h7", 7000};
const node_address eight{"h8", 7000};

refresh_policy make(std::uint64_t seed = 1, refresh_config config = {}) {
  return {config, random_source{seed}};
}

refresh_policy without_jitter() {
  refresh_config config;
  config.jitter_percent = 0;
  return make(1, config);
}

/// Has its first table since `at(0s)`.
void settle(refresh_policy& uut) {
  REQUIRE(uut.begin(at(0s)));
  uut.finished(at(0s), true);
}

/// Lets callers want a table all the time, and returns when refreshes began.
/// Each takes 3 ms.
template <class Changed>
std::vector<time_point> storm(refresh_policy& uut, duration length, int callers,
                              Changed changed) {
  std::vector<time_point> begun;
  for (auto t = duration::zero(); t < length; t += 1ms) {
    for (auto i = 0; i < callers; ++i)
      uut.want(at(t), seven);
    if (uut.asking() && at(t) - begun.back() >= 3ms)
      uut.finished(at(t), changed(begun.size()));
    if (uut.begin(at(t)))
      begun.push_back(at(t));
  }
  return begun;
}

} // namespace

TEST_CASE("the first table is wanted at once") {
  auto uut = make();
  CHECK(uut.next() <= at(0s));
  CHECK(uut.begin(at(0s)));
}

TEST_CASE("there is one refresh at a time") {
  auto uut = make();
  REQUIRE(uut.begin(at(0s)));
  CHECK(uut.asking());
  CHECK(uut.next() == never);
  uut.want(at(1s));
  CHECK_FALSE(uut.begin(at(100s)));
  uut.finished(at(100s), true);
  CHECK_FALSE(uut.asking());
}

TEST_CASE("who wants a table during a refresh gets another one") {
  auto uut = without_jitter();
  settle(uut);
  uut.want(at(1s), seven);
  REQUIRE(uut.begin(at(1s)));
  CHECK(uut.whom() == seven);
  uut.want(at(1s + 1ms), eight);
  uut.finished(at(1s + 2ms), true);
  CHECK(uut.whom() == eight);
  CHECK(uut.next() == at(1s + 100ms));
  REQUIRE(uut.begin(at(1s + 100ms)));
  uut.finished(at(1s + 101ms), true);
  CHECK_FALSE(uut.whom());
  CHECK(uut.next() == at(61s + 101ms));
}

TEST_CASE("the pause doubles while nothing changes, up to five seconds") {
  auto uut = without_jitter();
  settle(uut);
  auto now = at(1s);
  auto length = duration::zero();
  for (auto pause :
       {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms, 5000ms}) {
    uut.want(now);
    now = std::max(now, uut.next());
    CHECK(now == at(1s) + length);
    REQUIRE(uut.begin(now));
    uut.finished(now, false);
    length += pause;
  }
  SECTION("and begins anew when something changes") {
    uut.want(now);
    now = uut.next();
    REQUIRE(uut.begin(now));
    uut.finished(now, true);
    uut.want(now);
    CHECK(uut.next() == now + 100ms);
  }
  SECTION("and begins anew after a quiet time") {
    uut.want(now);
    now = uut.next();
    REQUIRE(uut.begin(now));
    uut.finished(now, false);
    now += 11s;
    uut.want(now);
    REQUIRE(uut.begin(now));
    uut.finished(now, false);
    uut.want(now);
    CHECK(uut.next() == now + 100ms);
  }
}

TEST_CASE("calls that wait for a master do not wait for long pauses") {
  auto uut = without_jitter();
  settle(uut);
  auto now = at(0s);
  for (auto i = 0; i < 8; ++i) {
    uut.want(now);
    now = uut.next();
    REQUIRE(uut.begin(now));
    uut.failed(now);
  }
  CHECK(uut.next() - now == 5s);
  uut.want_urgently(now);
  CHECK(uut.next() - now == 300ms);
  // A thousand of them make it no sooner.
  for (auto i = 0; i < 1000; ++i)
    uut.want_urgently(now);
  CHECK(uut.next() - now == 300ms);
  now += 300ms;
  REQUIRE(uut.begin(now));
  uut.failed(now);
  // It counts for one refresh.
  CHECK(uut.next() - now == 5s);
}

TEST_CASE("a refresh without an answer is tried again elsewhere") {
  auto uut = without_jitter();
  settle(uut);
  uut.want(at(1s), seven);
  REQUIRE(uut.begin(at(1s)));
  uut.failed(at(1s + 50ms));
  CHECK_FALSE(uut.whom());
  CHECK(uut.next() == at(1s + 100ms));
  REQUIRE(uut.begin(at(1s + 100ms)));
  uut.failed(at(1s + 150ms));
  CHECK(uut.next() == at(1s + 300ms));
}

TEST_CASE("a table that nobody wants is refreshed once a minute") {
  auto uut = make();
  settle(uut);
  auto last = at(0s);
  for (auto i = 0; i < 100; ++i) {
    auto next = uut.next();
    CHECK(next - last >= 48s);
    CHECK(next - last <= 72s);
    CHECK_FALSE(uut.begin(next - 1ns));
    REQUIRE(uut.begin(next));
    uut.finished(next, false);
    last = next;
  }
  // They are no reason to be slow when it matters.
  uut.want(last + 1s);
  CHECK(uut.next() <= last + 1s);
}

TEST_CASE("pauses are spread by a fifth") {
  auto least = duration::max();
  auto most = duration::zero();
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    auto uut = make(seed);
    settle(uut);
    uut.want(at(0s));
    auto pause = uut.next() - at(0s);
    least = std::min(least, pause);
    most = std::max(most, pause);
  }
  CHECK(least >= 80ms);
  CHECK(least < 81ms);
  CHECK(most <= 120ms);
  CHECK(most > 119ms);
}

TEST_CASE("a storm of 5000 callers makes few refreshes") {
  SECTION("if nothing changes") {
    auto uut = make();
    auto begun = storm(uut, 1s, 5000, [](auto n) { return n == 1; });
    CHECK(begun.size() >= 4);
    CHECK(begun.size() <= 6);
  }
  SECTION("for a long time") {
    auto uut = make();
    auto begun = storm(uut, 10min, 5, [](auto n) { return n == 1; });
    // 6 s of growing pauses, then one each 5 s.
    CHECK(begun.size() >= 100);
    CHECK(begun.size() <= 160);
  }
  SECTION("if the table changes each time") {
    auto uut = make();
    auto begun = storm(uut, 1s, 5000, [](auto) { return true; });
    CHECK(begun.size() >= 8);
    CHECK(begun.size() <= 13);
  }
}

TEST_CASE("no history makes refreshes come sooner than allowed") {
  CHECK(rc::check("history", [](std::uint64_t seed) {
    auto uut = make(seed);
    auto now = at(0s);
    auto last = time_point{};
    auto wanted = true;
    for (auto left = 200; left > 0; --left) {
      now += duration{*rc::gen::inRange<std::int64_t>(0, 300000000)};
      if (*rc::gen::inRange(0, 3) == 0) {
        uut.want(now);
        wanted = true;
      }
      if (uut.asking() && *rc::gen::inRange(0, 2) == 0) {
        auto fails = *rc::gen::inRange(0, 4) == 0;
        if (fails)
          uut.failed(now);
        else
          uut.finished(now, *rc::gen::inRange(0, 2) == 0);
        wanted = wanted || fails;
        // What is wanted never waits longer than the longest pause.
        if (wanted)
          RC_ASSERT(uut.next() <= now + 6s);
      }
      auto was_asking = uut.asking();
      if (uut.begin(now)) {
        RC_ASSERT(!was_asking);
        RC_ASSERT(now - last >= 80ms);
        last = now;
        wanted = false;
      }
    }
  }));
}

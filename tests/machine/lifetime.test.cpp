#include "caf_pool/machine/policy/lifetime.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t this_generation = 3;

// Suspects nothing.
constexpr time_point long_ago{};

connection_age opened(time_point when, duration lifetime = 1h) {
  return {when, when, when, lifetime, this_generation};
}

treatment hand_out(const connection_age& age, time_point now,
                   time_point suspect_before = long_ago,
                   const pool_config& config = {}) {
  return judge_for_hand_out(age, config, this_generation, suspect_before, now);
}

treatment idle(const connection_age& age, time_point now,
               const pool_config& config = {}, bool is_overflow = false) {
  return judge_idle(age, config, this_generation, is_overflow, now);
}

// Neither probes nor lifetimes, so that only idleness is left.
pool_config only_idleness() {
  pool_config x;
  x.health_check_interval = 0s;
  return x;
}

std::vector<duration> many_lifetimes(const pool_config& config) {
  random_source random{7};
  std::vector<duration> result(10000);
  std::generate(result.begin(), result.end(),
                [&] { return draw_lifetime(config, random); });
  std::sort(result.begin(), result.end());
  return result;
}

} // namespace

// -- lifetimes ----------------------------------------------------------------

TEST_CASE("a lifetime is up to 5 % shorter than the maximum, never longer",
          "[trap-T24][L02]") {
  auto xs = many_lifetimes(pool_config{});
  CHECK(xs.front() >= 3420s);
  CHECK(xs.front() < 3421s);
  CHECK(xs.back() <= 3600s);
  CHECK(xs.back() > 3599s);
  CHECK(xs[5000] > 3505s);
  CHECK(xs[5000] < 3515s);
}

TEST_CASE("lifetimes differ by nanoseconds, not by seconds", "[trap-T25]") {
  auto xs = many_lifetimes(pool_config{});
  CHECK(std::adjacent_find(xs.begin(), xs.end()) == xs.end());
  pool_config config;
  config.max_lifetime = 100ns;
  config.lifetime_jitter_percent = 50;
  random_source random{1};
  std::map<duration, int> counts;
  for (int i = 0; i < 10000; ++i)
    ++counts[draw_lifetime(config, random)];
  CHECK(counts.size() == 51); // 50 to 100
  CHECK(counts.begin()->first == 50ns);
}

TEST_CASE("connections born together do not die together", "[trap-T24][L02]") {
  random_source random{1};
  std::map<std::int64_t, int> per_second;
  for (int i = 0; i < 100; ++i)
    ++per_second[draw_lifetime(pool_config{}, random) / 1s];
  for (auto& [second, n] : per_second)
    CHECK(n <= 5);
}

TEST_CASE("jitter is on by default and can be turned off", "[trap-T25]") {
  CHECK(pool_config{}.lifetime_jitter_percent > 0);
  pool_config config;
  config.lifetime_jitter_percent = 0;
  auto xs = many_lifetimes(config);
  CHECK(xs.front() == 3600s);
  CHECK(xs.back() == 3600s);
}

TEST_CASE("a lifetime of zero means no limit", "[L03]") {
  pool_config config;
  config.max_lifetime = 0s;
  random_source random{1};
  CHECK(draw_lifetime(config, random) == 0s);
  auto x = opened(at(0s), 0s);
  CHECK(judge_release(x, this_generation, at(24h * 365)) == treatment::keep);
  config = only_idleness();
  config.max_idle_time = 0s;
  CHECK(idle(x, at(24h * 365), config) == treatment::keep);
}

TEST_CASE("no jitter makes a lifetime unlimited") {
  pool_config config;
  config.max_lifetime = 1ns;
  config.lifetime_jitter_percent = 100;
  for (auto x : many_lifetimes(config))
    CHECK(x == 1ns);
  config.max_lifetime = duration::max();
  config.lifetime_jitter_percent = 1000;
  for (auto x : many_lifetimes(config))
    CHECK(x > 0ns);
}

TEST_CASE("a lifetime ends at hand-out, at release and in the sweep alike",
          "[trap-T26][L01][L03][L06]") {
  auto x = opened(at(0s));
  x.last_used = x.last_proven = at(1h - 1s);
  CHECK(hand_out(x, at(1h - 1ns)) == treatment::probe);
  CHECK(hand_out(x, at(1h)) == treatment::retire_age);
  CHECK(judge_release(x, this_generation, at(1h - 1ns)) == treatment::keep);
  CHECK(judge_release(x, this_generation, at(1h)) == treatment::retire_age);
  CHECK(idle(x, at(1h - 1ns)) == treatment::keep);
  CHECK(idle(x, at(1h)) == treatment::retire_age);
}

TEST_CASE("an outdated generation ends wherever it is met", "[L07][L08]") {
  auto x = opened(at(0s));
  x.generation = this_generation - 1;
  CHECK(hand_out(x, at(0s)) == treatment::retire_generation);
  CHECK(judge_release(x, this_generation, at(0s))
        == treatment::retire_generation);
  CHECK(idle(x, at(0s)) == treatment::retire_generation);
  CHECK(hand_out(x, at(24h), at(24h)) == treatment::retire_generation);
}

// -- probes before hand-out ---------------------------------------------------

TEST_CASE("who has just worked is handed out without a probe",
          "[trap-T27][V06]") {
  auto x = opened(at(0s));
  CHECK(hand_out(x, at(0s)) == treatment::keep); // fresh
  CHECK(hand_out(x, at(500ms)) == treatment::keep);
  CHECK(hand_out(x, at(500ms + 1ns)) == treatment::probe);
  x.last_proven = at(10s);
  CHECK(hand_out(x, at(10s + 500ms)) == treatment::keep);
  CHECK(hand_out(x, at(11s)) == treatment::probe);
}

TEST_CASE("a fresh connection counts as proven by its opening", "[V06]") {
  auto x = opened(at(1h));
  x.last_proven = long_ago;
  CHECK(hand_out(x, at(1h)) == treatment::keep);
}

TEST_CASE("a suspect is probed even if it has just worked", "[trap-T27]") {
  auto x = opened(at(0s));
  x.last_proven = at(10s);
  auto failure = at(10s + 100ms);
  CHECK(hand_out(x, at(10s + 200ms), failure) == treatment::probe);
  SECTION("until it proves itself again") {
    x.last_proven = failure;
    CHECK(hand_out(x, at(10s + 200ms), failure) == treatment::keep);
  }
  SECTION("but what was opened since is no suspect") {
    x = opened(failure);
    CHECK(hand_out(x, at(10s + 200ms), failure) == treatment::keep);
  }
}

TEST_CASE("without validation only suspects are probed", "[trap-T27]") {
  pool_config config;
  config.validate_on_acquire = false;
  auto x = opened(at(0s));
  CHECK(hand_out(x, at(100s), long_ago, config) == treatment::keep);
  CHECK(hand_out(x, at(100s), at(50s), config) == treatment::probe);
}

TEST_CASE("without a bypass each hand-out needs a probe but the very moment") {
  pool_config config;
  config.validation_bypass = 0s;
  auto x = opened(at(0s));
  CHECK(hand_out(x, at(0s), long_ago, config) == treatment::keep);
  CHECK(hand_out(x, at(1ns), long_ago, config) == treatment::probe);
}

// -- sweeps -------------------------------------------------------------------

TEST_CASE("who is idle for too long retires", "[L04]") {
  auto config = only_idleness();
  auto x = opened(at(0s));
  x.last_used = at(100s);
  x.last_proven = at(390s); // probes do not make it useful
  CHECK(idle(x, at(400s - 1ns), config) == treatment::keep);
  CHECK(idle(x, at(400s), config) == treatment::retire_idle);
  SECTION("a connection that was never used counts from its opening") {
    x.last_used = long_ago;
    CHECK(idle(x, at(300s - 1ns), config) == treatment::keep);
    CHECK(idle(x, at(300s), config) == treatment::retire_idle);
  }
}

TEST_CASE("overflow lingers for its own time", "[trap-T31][Z08]") {
  auto config = only_idleness();
  auto x = opened(at(0s));
  CHECK(idle(x, at(30s - 1ns), config, true) == treatment::keep);
  CHECK(idle(x, at(30s), config, true) == treatment::retire_idle);
  CHECK(idle(x, at(30s), config, false) == treatment::keep);
  SECTION("which may be turned off") {
    config.overflow_idle_time = 0s;
    CHECK(idle(x, at(300s - 1ns), config, true) == treatment::keep);
    CHECK(idle(x, at(300s), config, true) == treatment::retire_idle);
  }
  SECTION("but never longer than the others") {
    config.overflow_idle_time = 600s;
    CHECK(idle(x, at(300s), config, true) == treatment::retire_idle);
  }
  SECTION("also where the others may stay for ever") {
    config.max_idle_time = 0s;
    CHECK(idle(x, at(30s), config, true) == treatment::retire_idle);
    CHECK(idle(x, at(24h), config, false) == treatment::retire_age);
  }
}

TEST_CASE("who has proven nothing for an interval is probed",
          "[trap-T44][L05]") {
  auto x = opened(at(0s));
  CHECK(idle(x, at(10s - 1ns)) == treatment::keep);
  CHECK(idle(x, at(10s)) == treatment::probe);
  x.last_proven = at(15s); // real use counts like a probe
  CHECK(idle(x, at(25s - 1ns)) == treatment::keep);
  CHECK(idle(x, at(25s)) == treatment::probe);
  pool_config config;
  config.health_check_interval = 0s;
  CHECK(idle(x, at(200s), config) == treatment::keep);
}

// -- freezes ------------------------------------------------------------------

TEST_CASE("a timer much too late means that the process was frozen",
          "[trap-T29][L09]") {
  CHECK_FALSE(is_freeze(at(1s), at(0s))); // woken early
  CHECK_FALSE(is_freeze(at(1s), at(1s)));
  CHECK_FALSE(is_freeze(at(1s), at(6s)));
  CHECK(is_freeze(at(1s), at(6s + 1ns)));
  CHECK(is_freeze(at(1s), at(1h)));
  CHECK(is_freeze(at(1s), at(3s), 1s));
  CHECK_FALSE(is_freeze(never, at(1h))); // nothing was planned
}

TEST_CASE("after a freeze every idle connection is probed before use",
          "[trap-T29]") {
  auto x = opened(at(0s));
  x.last_proven = at(100s);
  // 60 s asleep; the monotonic clock of some systems stands still meanwhile.
  for (auto woken : {at(160s), at(100s + 1ns)})
    CHECK(hand_out(x, woken, woken) == treatment::probe);
}

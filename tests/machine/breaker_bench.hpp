#pragma once

#include "caf_pool/machine/policy/circuit_breaker.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

namespace caf_pool {

/// A breaker with its clock. Open times do not vary unless a test wants it.
struct breaker_bench {
  static breaker_config plain() {
    breaker_config result;
    result.open_jitter_percent = 0;
    return result;
  }

  explicit breaker_bench(const breaker_config& config = plain(),
                         std::uint64_t seed = 1)
    : uut(config, random_source{seed}) {
    // nop
  }

  void pass(duration x) {
    now += x;
  }

  /// Makes calls that are all permitted and fail.
  void fail(int n = 1) {
    while (n-- > 0) {
      auto x = uut.try_acquire(now);
      REQUIRE(x);
      uut.failed(*x, std::chrono::milliseconds{1}, now);
    }
  }

  /// Makes calls that are all permitted and succeed.
  void succeed(int n = 1, duration took = std::chrono::milliseconds{1}) {
    while (n-- > 0) {
      auto x = uut.try_acquire(now);
      REQUIRE(x);
      uut.succeeded(*x, took, now);
    }
  }

  /// Opens a closed breaker by failures in a row and waits.
  void half_open() {
    fail(5);
    REQUIRE(uut.state() == breaker_state::open);
    now = uut.next_wakeup();
    uut.tick(now);
    REQUIRE(uut.state() == breaker_state::half_open);
  }

  circuit_breaker uut;
  time_point now = at(duration::zero());
};

} // namespace caf_pool

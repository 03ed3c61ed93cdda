#pragma once

#include "caf_pool/core/time.hpp"

#include <cstdint>

namespace caf_pool {

/// Reconnecting after a failure: full jitter, as in "Exponential Backoff And
/// Jitter" (AWS Architecture Blog, 2015): a delay is drawn from
/// [floor, min(cap, start * factor^n)].
struct backoff_config {
  duration start = std::chrono::milliseconds{500};
  double factor = 2.0;
  duration cap = std::chrono::seconds{30};
  duration floor = std::chrono::milliseconds{10};
  /// Without it each delay is the largest that could be drawn.
  bool jitter = true;
  /// After so many failures in a row the pool reports itself as down; it goes
  /// on trying at `cap`.
  std::uint32_t attempts = 5;

  friend bool operator==(const backoff_config&, const backoff_config&)
    = default;
};

/// When to stop sending work to a failing server, and when to try again.
struct breaker_config {
  bool enabled = true;
  /// Opens when this share of the calls in the window failed, in percent.
  std::uint32_t failure_percent = 50;
  /// Calls in the window before the shares count.
  std::uint32_t min_calls = 20;
  duration window = std::chrono::seconds{10};
  /// Opens after so many failures in a row, regardless of the share.
  std::uint32_t consecutive_failures = 5;
  /// A call that takes longer counts as slow; zero turns this off.
  duration slow_call = duration::zero();
  /// Opens when this share of the calls in the window was slow, in percent.
  std::uint32_t slow_percent = 100;
  /// How long the breaker stays open the first time.
  duration open_time = std::chrono::seconds{5};
  /// Each opening in a row multiplies the open time by this.
  double open_factor = 2.0;
  duration open_cap = std::chrono::seconds{60};
  /// The open time varies by up to so many percent, both ways.
  std::uint32_t open_jitter_percent = 20;
  /// Trials at the same time while half open.
  std::uint32_t half_open_permits = 1;
  /// Trials without a verdict after so long count as failed.
  duration half_open_timeout = std::chrono::seconds{10};

  friend bool operator==(const breaker_config&, const breaker_config&)
    = default;
};

} // namespace caf_pool

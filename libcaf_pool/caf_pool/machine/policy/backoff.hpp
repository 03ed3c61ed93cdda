#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/core/time.hpp"

#include <algorithm>
#include <cstdint>

namespace caf_pool {

/// Decides when a failed opening may be tried again.
///
/// ~~~
///            failed                      failed (delay grows up to the cap)
///   ready ------------> waiting <-----------+
///     ^                   |  \______________|
///     |                   | now >= next_attempt()
///     |   succeeded       v
///     +---------------- trying
/// ~~~
///
/// Full jitter after "Exponential Backoff And Jitter" (AWS Architecture Blog,
/// 2015): the delay before attempt n is drawn from
/// [floor, min(cap, start * factor^n)], where n counts from 0.
///
/// Thread-safety: like a plain value.
class backoff {
public:
  /// What outlives a restart of the pool's actor.
  struct memory {
    std::uint32_t failures = 0;
    /// How often the delay has grown; `hurry` starts over.
    std::uint32_t steps = 0;
    time_point next_attempt{};

    friend bool operator==(const memory&, const memory&) = default;
  };

  backoff(const backoff_config& config, random_source random);

  /// Takes over what a predecessor knew.
  void restore(const memory& x) noexcept {
    memory_ = x;
  }

  const memory& remember() const noexcept {
    return memory_;
  }

  /// An attempt failed; returns when the next one may start.
  time_point failed(time_point now);

  /// An attempt failed that was made beside the delays: they stay as they are.
  void failed_early() noexcept;

  /// A connection proved healthy in use. A mere connect is no proof.
  void succeeded() noexcept;

  /// Somebody knows that the server is back: the next attempt may start now,
  /// and delays grow from the start again. Only success ends the failures.
  void hurry(time_point now) noexcept;

  /// The next attempt may start now; delays go on growing.
  void end_delay(time_point now) noexcept {
    memory_.next_attempt = std::min(memory_.next_attempt, now);
  }

  /// Trying before `until` would do harm: no attempt until then.
  void postpone(time_point until) noexcept {
    if (until > memory_.next_attempt)
      memory_.next_attempt = until;
  }

  bool may_try(time_point now) const noexcept {
    return now >= memory_.next_attempt;
  }

  time_point next_attempt() const noexcept {
    return memory_.next_attempt;
  }

  /// Failures in a row.
  std::uint32_t failures() const noexcept {
    return memory_.failures;
  }

  /// Tells whether so many attempts failed that the pool counts as down.
  bool exhausted() const noexcept {
    return memory_.failures >= config_.attempts;
  }

  /// Puts new settings in force from the next failure on.
  void configure(const backoff_config& x) noexcept {
    config_ = x;
  }

private:
  backoff_config config_;
  random_source random_;
  memory memory_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/time.hpp"

#include <algorithm>
#include <cstdint>

namespace caf_pool {

/// What there is to know when deciding how many connections to open or retire.
struct sizing_input {
  // -- limits -----------------------------------------------------------------

  std::uint32_t min = 0;
  /// Includes the overflow.
  std::uint32_t max = 0;
  std::uint32_t overflow = 0;

  // -- connections ------------------------------------------------------------

  std::uint32_t opening = 0;
  std::uint32_t idle = 0;
  std::uint32_t leased = 0;
  /// Resetting and probing: free again soon.
  std::uint32_t busy = 0;
  /// The server may still count these two, so they count against `max`, but
  /// nobody can use them, so they do not count for `min`.
  std::uint32_t closing = 0;
  std::uint32_t quarantined = 0;

  // -- demand -----------------------------------------------------------------

  std::uint32_t waiting = 0;
  /// For how long somebody has been waiting without a pause
  /// (`wait_queue::busy_for`).
  duration queued_for = duration::zero();
  /// How long a lease and an opening last as a rule (see `blended`); zero if
  /// that is not known yet.
  duration typical_use = duration::zero();
  duration typical_open = duration::zero();

  // -- brakes -----------------------------------------------------------------

  std::uint32_t open_concurrency = 1;
  /// Backoff and breaker allow opening.
  bool may_open = true;
  /// Recovering from an outage: at most `ramp_limit` openings at a time.
  bool ramping = false;
  std::uint32_t ramp_limit = 1;

  /// Connections that serve now or soon, without those being opened.
  std::uint32_t serving() const noexcept {
    return idle + leased + busy;
  }

  std::uint32_t total() const noexcept {
    return opening + serving() + closing + quarantined;
  }
};

/// Returns how many openings to start now.
///
/// - Never above `max`, closing ones counted; `max` wins over `min`.
/// - Never more openings at a time than `open_concurrency` or the ramp allow.
/// - Keeps `min` filled, whoever waits.
/// - Above `min`: no more openings than waiters that nothing else will serve.
///   Openings under way, idle and busy connections serve one each. As long as
///   the queue is younger than a typical opening, so does every lease that
///   will come back before an opening would be done: a burst that drains by
///   itself opens nothing. A queue that outlives this forecast proves it wrong.
/// - Above `min` and without a forecast, one at a time: the next one starts
///   when the first is there and somebody still waits. Nothing serving at all
///   lifts that.
std::uint32_t connections_to_open(const sizing_input& x) noexcept;

/// Returns after how long `connections_to_open` says more although nothing
/// happens: when the forecast has proven wrong. `duration::max()` if time alone
/// changes nothing. Somebody must ask again then, since the leases it waits for
/// may be held for ever.
duration forecast_left(const sizing_input& x) noexcept;

/// Idle connections past their time, see `judge_idle`.
struct overdue_connections {
  std::uint32_t overflow = 0;
  std::uint32_t regular = 0;

  friend bool operator==(const overdue_connections&, const overdue_connections&)
    = default;
};

/// Returns how many idle connections one sweep may retire as a rule: a tenth
/// of the pool, at least one.
constexpr std::uint32_t retirements_per_sweep(std::uint32_t max) noexcept {
  return std::max(1u, max / 10);
}

/// Returns how many of the overdue connections to retire now: `limit` at most,
/// the overflow first, none while somebody waits, and never so many that fewer
/// than `min` serve.
overdue_connections connections_to_retire(const sizing_input& x,
                                          const overdue_connections& overdue,
                                          std::uint32_t limit) noexcept;

/// Returns the ramp's limit after an opening succeeded: 1, 2, 4, …
constexpr std::uint32_t grown_ramp(std::uint32_t limit) noexcept {
  return limit == 0 ? 1 : limit > UINT32_MAX / 2 ? UINT32_MAX : 2 * limit;
}

/// Returns the running mean after another sample, which weighs an eighth; the
/// first sample counts whole. After "Congestion Avoidance and Control"
/// (Jacobson, 1988).
constexpr duration blended(duration so_far, duration sample) noexcept {
  return so_far == duration::zero() ? sample : so_far + (sample - so_far) / 8;
}

} // namespace caf_pool

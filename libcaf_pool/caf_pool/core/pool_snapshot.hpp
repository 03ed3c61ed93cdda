#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/histogram.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// Whether a pool serves. The values travel between processes.
enum class pool_status : std::uint8_t {
  /// Serves.
  up = 1,
  /// Serves, but something is wrong: see the reasons.
  degraded = 2,
  /// Cannot serve at the moment.
  down = 3,
  paused = 4,
  draining = 5,
  closed = 6,
};

std::string_view to_string(pool_status x) noexcept;

enum class breaker_state : std::uint8_t {
  closed = 1,
  open = 2,
  half_open = 3,
  forced_open = 4,
  forced_closed = 5,
};

std::string_view to_string(breaker_state x) noexcept;

/// Counts connections by state at one moment.
struct pool_gauges {
  std::uint32_t opening = 0;
  /// Free to be taken, be it from the actor or from the fast lane.
  std::uint32_t idle = 0;
  std::uint32_t leased = 0;
  std::uint32_t resetting = 0;
  std::uint32_t probing = 0;
  std::uint32_t closing = 0;
  std::uint32_t quarantined = 0;
  std::uint32_t waiting = 0;

  /// Everything that counts against `max_size`.
  std::uint32_t total() const noexcept {
    return opening + idle + leased + resetting + probing + closing
           + quarantined;
  }

  friend bool operator==(const pool_gauges&, const pool_gauges&) = default;
};

/// Counts what happened since the pool was made; never goes down, survives a
/// restart of the pool's actor. Every lease ends once: when nothing is leased,
/// `acquired` is `released` plus `leases_revoked`.
struct pool_counters {
  /// Grants, fast lane included.
  std::uint64_t acquired = 0;
  /// Grants that had to wait in the queue.
  std::uint64_t acquired_after_wait = 0;
  std::uint64_t released = 0;
  std::uint64_t acquire_timeouts = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t queue_full = 0;
  std::uint64_t shed = 0;
  std::uint64_t rejected_by_breaker = 0;
  /// Rejections while paused, draining or closed, or with the last open error.
  std::uint64_t rejected = 0;
  std::uint64_t opened = 0;
  std::uint64_t open_failures = 0;
  std::uint64_t retired = 0;
  std::uint64_t lost = 0;
  std::uint64_t probes = 0;
  std::uint64_t probe_failures = 0;
  std::uint64_t resets = 0;
  std::uint64_t reset_failures = 0;
  std::uint64_t executed = 0;
  std::uint64_t execute_errors = 0;
  std::uint64_t leaks_suspected = 0;
  std::uint64_t leases_revoked = 0;
  /// Releases and uses with an outdated lease id.
  std::uint64_t stale_releases = 0;
  std::uint64_t breaker_openings = 0;
  std::uint64_t exhausted = 0;
  std::uint64_t restarts = 0;
  std::uint64_t freezes = 0;
  /// Results of calls that belonged to an earlier epoch of the breaker.
  std::uint64_t late_results = 0;
  /// Warnings of the server about statements that went well.
  std::uint64_t server_warnings = 0;

  friend bool operator==(const pool_counters&, const pool_counters&) = default;
};

/// Who holds a connection since when.
struct lease_info {
  lease_id id;
  /// Holder for people: "thread 12 at orders.cpp:57", "remote app-1".
  std::string holder;
  duration held = duration::zero();
  bool suspected = false;

  friend bool operator==(const lease_info&, const lease_info&) = default;
};

/// One connection at one moment.
struct connection_info {
  connection_id id;
  /// "opening", "idle", "leased", "resetting", "probing", "closing" or
  /// "quarantined".
  std::string state;
  /// Since it was opened.
  duration age = duration::zero();
  /// Since its last lease ended; since it was opened if it had none. Zero
  /// while leased.
  duration unused_for = duration::zero();
  /// Leases so far.
  std::uint64_t uses = 0;

  friend bool operator==(const connection_info&, const connection_info&)
    = default;
};

/// Everything that can be asked of a pool at one moment, without waiting for a
/// server.
struct pool_snapshot {
  std::string name;
  std::string backend;
  pool_status status = pool_status::down;
  /// Why the status is not `up`; empty otherwise.
  std::vector<std::string> reasons;
  bool required = true;
  std::uint32_t min_size = 0;
  std::uint32_t max_size = 0;
  std::uint32_t max_overflow = 0;
  std::uint32_t max_waiters = 0;
  pool_gauges gauges;
  pool_counters counters;
  /// Most connections leased at the same time since the pool was made, exactly.
  std::uint32_t peak_leased = 0;
  /// How long the head of the queue has been waiting.
  duration longest_wait = duration::zero();
  breaker_state breaker = breaker_state::closed;
  duration breaker_open_for = duration::zero();
  std::uint32_t consecutive_open_failures = 0;
  /// The last failure of opening or probing; `none` after a success.
  error last_error;
  duration uptime = duration::zero();
  histogram_snapshot wait_time;
  histogram_snapshot use_time;
  histogram_snapshot open_time;
  histogram_snapshot execute_time;
  std::vector<lease_info> leases;
  std::vector<connection_info> connections;

  /// Share of open connections that are leased, 0 to 1.
  double utilization() const noexcept {
    auto total = gauges.total();
    return total == 0 ? 0.0 : static_cast<double>(gauges.leased) / total;
  }

  friend bool operator==(const pool_snapshot&, const pool_snapshot&) = default;
};

} // namespace caf_pool

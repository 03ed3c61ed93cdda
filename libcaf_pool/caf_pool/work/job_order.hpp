#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>

namespace caf_pool {

/// One piece of work that may block, from the order to its end.
using job_id = strong_id<struct job_tag>;

/// A thread that does jobs, one at a time.
using worker_id = strong_id<struct worker_tag>;

/// What a worker can do: everything that may block.
enum class job_kind : std::uint8_t {
  open,
  probe,
  reset,
  execute,
  /// Makes the server refuse writes before a caller gets the connection.
  restrict,
  cancel,
  close,
  /// Looks whether the server is there.
  look,
};

/// Tells whether somebody waits for it who is to have the connection.
constexpr bool serves_caller(job_kind x) noexcept {
  return x == job_kind::execute || x == job_kind::restrict;
}

/// What the desk has to know about a job.
struct job_order {
  /// Of `work_desk::next_job`.
  job_id id;
  job_kind kind = job_kind::open;
  /// None for `look`.
  connection_id connection = {};
  time_point deadline{};
  /// Whom it serves, if anybody.
  ticket caller = {};
  /// For `execute`: what its caller allows in all; zero: the pool's limits.
  duration allowed = duration::zero();
  /// For `execute`: its caller holds the connection anyway.
  bool on_lease = false;
  /// For `close`: somebody has the connection in his hands.
  bool held = false;
};

/// What a worker says of a job that it did.
struct job_report {
  /// Nothing failed.
  bool well = true;
  duration took = duration::zero();
};

/// How a job ended.
enum class job_end : std::uint8_t {
  /// Its worker did it, or failed; what it says counts.
  done,
  /// Its worker came back after the desk had given it up.
  late,
  /// Its worker did not come back. Only for jobs that serve a caller.
  stuck,
  // Nothing was sent:
  /// Nobody wants it any more.
  withdrawn,
  /// No worker became free in time.
  unserved,
  /// It would hardly be done in time, and others wait.
  hurried,
  /// Its connection is being closed.
  disconnected,
};

} // namespace caf_pool

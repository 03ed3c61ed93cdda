#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/work/job_order.hpp"

#include <variant>
#include <vector>

namespace caf_pool {

/// The orders that a desk gives. An effect that nobody performs does not
/// compile.
namespace desk_effect {

/// Start a thread. No answer.
struct hire {
  worker_id worker;
  friend bool operator==(const hire&, const hire&) = default;
};

/// End a thread when it has nothing to do. No answer.
struct dismiss {
  worker_id worker;
  friend bool operator==(const dismiss&, const dismiss&) = default;
};

/// Let the worker do the job by the deadline. Answer: `finished`.
struct run {
  job_id job;
  worker_id worker;
  time_point deadline;
  friend bool operator==(const run&, const run&) = default;
};

/// The caller of a running job withdrew: its worker leaves the answer to the
/// desk, and the job `by`, which is in the queue now, will stop it at the
/// server. No answer.
struct stop {
  job_id job;
  job_id by;
  friend bool operator==(const stop&, const stop&) = default;
};

/// A worker has this opening, and should not begin it, or, with `abort`, not go
/// on with it. Answer: that of the opening.
struct call_off {
  job_id job;
  bool abort = false;
  friend bool operator==(const call_off&, const call_off&) = default;
};

/// Break the connection of the job from outside, so that what runs on it comes
/// back and nobody uses it again. No answer.
struct abort {
  job_id job;
  friend bool operator==(const abort&, const abort&) = default;
};

/// The job is over: tell who ordered it and whom it serves.
struct end {
  job_id job;
  job_end how = job_end::done;
  /// With `hurried`: what is left, and what such a statement takes.
  duration left = duration::zero();
  duration needed = duration::zero();
  friend bool operator==(const end&, const end&) = default;
};

/// The connection counts as closed, though its holder does not let go of it:
/// its session is cut off.
struct session_over {
  connection_id connection;
  friend bool operator==(const session_over&, const session_over&) = default;
};

/// The time for draining is over: take away what is still held.
struct shut_down {
  friend bool operator==(const shut_down&, const shut_down&) = default;
};

/// The time for closing is over, too: answer those who wait for the drain.
struct answer_drain {
  friend bool operator==(const answer_drain&, const answer_drain&) = default;
};

} // namespace desk_effect

using any_desk_effect
  = std::variant<desk_effect::hire, desk_effect::dismiss, desk_effect::run,
                 desk_effect::stop, desk_effect::call_off, desk_effect::abort,
                 desk_effect::end, desk_effect::session_over,
                 desk_effect::shut_down, desk_effect::answer_drain>;

/// Orders in the sequence in which they must be performed.
using desk_effects = std::vector<any_desk_effect>;

} // namespace caf_pool

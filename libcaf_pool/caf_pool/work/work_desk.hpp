#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/machine/policy/use_time.hpp"
#include "caf_pool/work/desk_effect.hpp"
#include "caf_pool/work/job_list.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace caf_pool {

/// A worker of the desk.
struct desk_worker {
  worker_id id;
  /// None while it is idle.
  job_id job = {};
  time_point idle_since{};
};

/// Decides who does what when: which job runs on which worker, when workers are
/// hired and dismissed, what becomes of jobs that are late, withdrawn or in the
/// way of others, and when a drain turns into an end. Takes facts plus `now`,
/// returns orders. The pool machine decides what is to be done, the desk how.
///
/// ~~~
///                 +--> end (withdrawn, unserved, hurried, disconnected)
///                 |
///   order --> queued --> running --> end (done)
///                ^         |   |
///   close --> blocked      |   +--> cancelling --> end (done)
///                          |
///                          +--> end (stuck), the worker counts as lost
/// ~~~
///
/// On each connection runs one job at a time, and beside it a cancel at most; a
/// close waits for both, and for a holder who was fenced off. A statement ends
/// after the cancel that was sent for it, which would hit the next holder's
/// otherwise.
///
/// Late reports and doubles change nothing. After each `tick`, `next_wakeup()`
/// is later than `now`.
///
/// Thread-safety: like a plain value.
class work_desk {
public:
  explicit work_desk(const pool_config& config);

  /// Returns a number for the next order.
  job_id next_job() noexcept {
    return job_id{++jobs_made_};
  }

  // -- orders -----------------------------------------------------------------

  desk_effects order(const job_order& x, time_point now);

  /// The caller wants nothing any more: ends its job, at the server if it runs.
  desk_effects withdraw(ticket caller, time_point now);

  /// An opening is not wanted any more; with `abort`, not even if it began.
  desk_effects call_off(connection_id id, bool abort, time_point now);

  /// The holder of a connection that is to be closed let go of it.
  desk_effects let_go(connection_id id, time_point now);

  desk_effects configure(const pool_config& config, time_point now);

  /// Draining may take so long; the shortest limit counts.
  desk_effects drain(duration limit, time_point now);

  /// Goes on for another shell: whoever waits at the last one is gone.
  desk_effects succeed(time_point now);

  // -- facts ------------------------------------------------------------------

  /// A worker came back from its job.
  desk_effects finished(job_id id, const job_report& x, time_point now);

  /// Tells whether callers wait at the pool; to be said before other inputs.
  void note_waiters(bool waiting) noexcept {
    callers_wait_ = waiting;
  }

  desk_effects tick(time_point now);

  /// Takes a list of orders back that was performed, for its memory.
  void reuse(desk_effects orders) noexcept;

  // -- questions --------------------------------------------------------------

  time_point next_wakeup() const noexcept;

  /// Tells whether something goes on on a connection, closing aside.
  bool busy(connection_id id) const noexcept {
    return jobs_.busy(id);
  }

  /// Tells whether a connection is to be closed, or is being closed.
  bool closes(connection_id id) const noexcept {
    return jobs_.closes(id);
  }

  /// Returns the job that serves a caller; nullptr if there is none.
  const desk_job* job_of(ticket caller) const noexcept {
    return jobs_.service_for(caller);
  }

  /// Nothing is to be done any more, and nobody counts on what goes on.
  bool at_rest() const noexcept;

  const job_list& jobs() const noexcept {
    return jobs_;
  }

  const std::vector<desk_worker>& workers() const noexcept {
    return workers_;
  }

  /// Returns what is wrong with the desk's state; empty if nothing.
  std::vector<std::string> violations() const;

private:
  using stage = desk_job::stage;

  enum class drain_phase : std::uint8_t { none, draining, closing, answered };

  /// Begins an input: was the process frozen?
  void begin(time_point now);
  /// Gives workers what they can do; returns the orders.
  desk_effects settle(time_point now);

  template <class Effect>
  void emit(Effect x) {
    out_.emplace_back(std::move(x));
  }

  void enqueue(const job_order& x);
  void admit_close(const job_order& x, time_point now);
  void admit_cancel(const job_order& x);
  /// Ends a job that runs at the server.
  void stop(job_id id, time_point now);
  desk_job& cancel_of(const desk_job& x, time_point now);

  /// Ends a job and forgets it.
  void end(const desk_effect::end& x);
  void end_service(desk_job& x);
  /// A cancel that was not sent has nothing to stop any more.
  void drop_unsent_cancel(connection_id id);
  /// Returns the statement on a connection that is done but for its cancel.
  desk_job* waits_for_cancel(connection_id id) noexcept;
  void free_worker(const desk_job& x, time_point now);
  void unblock_close(connection_id id);

  /// Ends jobs that no worker began in time.
  void expire(time_point now);
  void enforce(job_id id, time_point now);
  void give_up(desk_job& x);
  void follow_drain(time_point now);
  void dismiss_idle(time_point now);

  void feed(time_point now);
  /// The most urgent job of those that may run now.
  desk_job* next_to_run() noexcept;
  /// After one job more a worker is left for maintenance.
  bool leaves_a_worker() const noexcept;
  /// Ends a statement that would hardly be done in time, if others wait.
  bool turn_away(const desk_job& x, time_point now);
  bool may_hire() const noexcept;
  desk_worker* free_or_hired(time_point now);
  std::size_t serving() const noexcept;
  /// Workers who do not come back from their jobs.
  std::size_t lost() const noexcept;

  std::uint32_t most_statements_ = 0;
  bool shed_overload_ = false;
  duration reset_timeout_{};
  duration close_timeout_{};

  job_list jobs_;
  std::vector<desk_worker> workers_;
  std::uint64_t jobs_made_ = 0;
  std::uint64_t workers_made_ = 0;
  bool callers_wait_ = false;
  /// How long statements run.
  use_times statements_;

  drain_phase drain_ = drain_phase::none;
  /// When the present phase of a drain is over.
  time_point drain_until_ = never;

  time_point planned_wakeup_ = never;
  desk_effects out_;
};

} // namespace caf_pool

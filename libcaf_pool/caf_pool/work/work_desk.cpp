#include "caf_pool/work/work_desk.hpp"

#include "caf_pool/machine/policy/lifetime.hpp"
#include "caf_pool/machine/policy/worker_grace.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// Workers beyond those that execute: for opening, probing, closing and
/// cancelling while all others are stuck in statements.
constexpr std::size_t reserve = 2;

/// So many times the usual number of workers may be lost in calls that never
/// return before no more take their place.
constexpr std::size_t most_lost = 3;

/// A worker without work ends after this.
constexpr duration idle_limit = std::chrono::seconds{30};

/// How long the desk waits for a holder who was fenced off before the
/// connection counts as closed all the same.
constexpr duration linger_limit = std::chrono::seconds{1};

/// Maintenance goes first: nobody is served without connections. A look comes
/// last: who does without it loses a moment.
int urgency(job_kind x) noexcept {
  switch (x) {
    case job_kind::look:
      return 2;
    case job_kind::execute:
    case job_kind::restrict:
      return 1;
    case job_kind::open:
    case job_kind::probe:
    case job_kind::reset:
    case job_kind::cancel:
    case job_kind::close:
      break;
  }
  return 0;
}

/// When something has to be done about a job that waits for a worker.
time_point due_in_queue(const job_order& x) noexcept {
  return serves_caller(x.kind) ? x.deadline
                               : add_saturated(x.deadline, 2 * worker_grace);
}

/// The same of one that begins to run.
time_point due_at_work(const job_order& x, time_point now) noexcept {
  return add_saturated(std::max(x.deadline, now),
                       (serves_caller(x.kind) ? 1 : 2) * worker_grace);
}

} // namespace

work_desk::work_desk(const pool_config& config) {
  configure(config, {});
}

bool work_desk::at_rest() const noexcept {
  return std::all_of(jobs_.begin(), jobs_.end(), [](auto& x) {
    return x.given_up || x.now == stage::blocked;
  });
}

// -- orders -------------------------------------------------------------------

void work_desk::enqueue(const job_order& x) {
  jobs_.add(x, stage::queued).due = due_in_queue(x);
}

desk_effects work_desk::order(const job_order& x, time_point now) {
  begin(now);
  if (x.kind == job_kind::close)
    admit_close(x, now);
  else if (x.kind == job_kind::cancel)
    admit_cancel(x);
  else
    enqueue(x);
  return settle(now);
}

void work_desk::admit_close(const job_order& x, time_point now) {
  if (jobs_.closes(x.connection)) {
    end({x.id, job_end::withdrawn}); // ordered twice
    return;
  }
  auto unsent = jobs_.ids_of([&x](auto& job) {
    return job.what.connection == x.connection && job.now == stage::queued;
  });
  for (auto id : unsent)
    end({id, job_end::disconnected});
  auto& job = jobs_.add(x, stage::blocked);
  if (x.held) // he may be in the middle of a call
    job.due = now + linger_limit;
  else
    unblock_close(x.connection);
}

void work_desk::admit_cancel(const job_order& x) {
  auto* running = jobs_.service_on(x.connection);
  if (running != nullptr && running->now == stage::queued) {
    end({running->what.id, job_end::withdrawn});
    running = nullptr;
  }
  auto needed = running != nullptr
                && jobs_.find(x.connection, job_kind::cancel) == nullptr;
  if (needed)
    enqueue(x);
  else
    end({x.id, job_end::withdrawn});
}

/// Returns the cancel that is to stop a statement, a new one if there is none.
desk_job& work_desk::cancel_of(const desk_job& x, time_point now) {
  auto id = x.what.connection;
  if (auto* present = jobs_.find(id, job_kind::cancel))
    return *present;
  auto cancel = job_order{next_job(), job_kind::cancel, id};
  cancel.deadline = add_saturated(now, reset_timeout_);
  enqueue(cancel);
  return *jobs_.find(cancel.id);
}

desk_effects work_desk::withdraw(ticket caller, time_point now) {
  begin(now);
  auto* job = job_of(caller);
  if (job != nullptr && job->now == stage::queued)
    end({job->what.id, job_end::withdrawn});
  else if (job != nullptr && job->now == stage::running && !job->stopped)
    stop(job->what.id, now);
  return settle(now);
}

void work_desk::stop(job_id id, time_point now) {
  auto* job = jobs_.find(id);
  auto last = now;
  // What is to be closed was broken if something runs on it.
  if (!jobs_.closes(job->what.connection)) {
    auto by = cancel_of(*job, now).what;
    job = jobs_.find(id); // the list may have moved
    last = std::max(last, by.deadline);
    job->stopped = true;
    emit(desk_effect::stop{id, by.id});
  }
  if (!job->aborted) // a server that minds no cancel keeps no connection
    job->due = std::min(job->due, last + worker_grace);
}

desk_effects work_desk::call_off(connection_id id, bool abort, time_point now) {
  begin(now);
  auto* job = jobs_.find(id, job_kind::open);
  if (job != nullptr && job->now == stage::queued)
    end({job->what.id, job_end::withdrawn});
  else if (job != nullptr)
    emit(desk_effect::call_off{job->what.id, abort});
  return settle(now);
}

desk_effects work_desk::let_go(connection_id id, time_point now) {
  begin(now);
  auto* job = jobs_.find(id, job_kind::close);
  if (job != nullptr && std::exchange(job->what.held, false)) {
    job->due = never;
    unblock_close(id);
  }
  return settle(now);
}

desk_effects work_desk::configure(const pool_config& config, time_point now) {
  begin(now);
  most_statements_ = config.workers;
  shed_overload_ = config.shed_overload;
  reset_timeout_ = config.reset_timeout;
  close_timeout_ = config.close_timeout;
  return settle(now);
}

desk_effects work_desk::drain(duration limit, time_point now) {
  begin(now);
  auto until = add_saturated(now, limit);
  switch (drain_) {
    case drain_phase::none:
    case drain_phase::draining:
      drain_ = drain_phase::draining;
      drain_until_ = std::min(drain_until_, until);
      break;
    case drain_phase::closing:
      break;
    case drain_phase::answered: // somebody else wants to hear of the end
      drain_ = drain_phase::closing;
      drain_until_ = add_saturated(now, close_timeout_);
      break;
  }
  follow_drain(now);
  return settle(now);
}

desk_effects work_desk::succeed(time_point now) {
  begin(now);
  auto unsent = jobs_.ids_of([](auto& x) {
    return serves_caller(x.what.kind) && x.now == stage::queued;
  });
  for (auto id : unsent)
    end({id, job_end::withdrawn});
  return settle(now);
}

// -- workers come back --------------------------------------------------------

desk_effects work_desk::finished(job_id id, const job_report& x,
                                 time_point now) {
  begin(now);
  auto* job = jobs_.find(id);
  if (job == nullptr || job->now != stage::running)
    return settle(now); // a double
  auto what = job->what;
  free_worker(*job, now);
  if (what.kind == job_kind::execute && x.well)
    statements_.note(what.allowed, x.took, now);
  if (serves_caller(what.kind) && !job->given_up)
    end_service(*job);
  else
    end({id, serves_caller(what.kind) ? job_end::late : job_end::done});
  auto* waiting = waits_for_cancel(what.connection);
  if (what.kind == job_kind::cancel && waiting != nullptr)
    end_service(*waiting);
  unblock_close(what.connection);
  return settle(now);
}

/// A statement is done: it ends, unless a cancel for it is on its way.
void work_desk::end_service(desk_job& x) {
  auto id = x.what.id;
  auto connection = x.what.connection;
  drop_unsent_cancel(connection);
  auto* cancel = jobs_.find(connection, job_kind::cancel);
  if (cancel != nullptr && !cancel->given_up) {
    auto* job = jobs_.find(id);
    job->now = stage::cancelling;
    job->due = never; // the cancel's limit counts
    return;
  }
  // Nobody knows when a lost one arrives: it must not hit the next holder.
  if (cancel != nullptr)
    emit(desk_effect::abort{id});
  end({id, job_end::done});
}

void work_desk::drop_unsent_cancel(connection_id id) {
  auto* cancel = jobs_.find(id, job_kind::cancel);
  if (cancel != nullptr && cancel->now == stage::queued)
    end({cancel->what.id, job_end::withdrawn});
}

desk_job* work_desk::waits_for_cancel(connection_id id) noexcept {
  auto* job = jobs_.service_on(id);
  return job != nullptr && job->now == stage::cancelling ? job : nullptr;
}

void work_desk::end(const desk_effect::end& x) {
  emit(x);
  jobs_.erase(x.job);
}

void work_desk::free_worker(const desk_job& x, time_point now) {
  for (auto& worker : workers_)
    if (worker.id == x.worker) {
      worker.job = {};
      worker.idle_since = now;
    }
}

void work_desk::unblock_close(connection_id id) {
  auto* job = jobs_.find(id, job_kind::close);
  if (job == nullptr || job->now != stage::blocked || job->what.held
      || jobs_.occupied(id))
    return;
  job->now = stage::queued;
}

// -- limits -------------------------------------------------------------------

void work_desk::begin(time_point now) {
  if (now <= planned_wakeup_ || !is_freeze(planned_wakeup_, now))
    return;
  // The workers were frozen, too: they get time to come back.
  for (auto& x : jobs_)
    if (x.now == stage::running)
      x.due = std::max(x.due, now + worker_grace);
}

desk_effects work_desk::tick(time_point now) {
  begin(now);
  auto late = jobs_.ids_of(
    [now](auto& x) { return x.now != stage::queued && x.due <= now; });
  for (auto id : late)
    enforce(id, now);
  follow_drain(now);
  dismiss_idle(now);
  return settle(now);
}

void work_desk::expire(time_point now) {
  auto late = jobs_.ids_of(
    [now](auto& x) { return x.now == stage::queued && x.due <= now; });
  for (auto id : late)
    end({id, job_end::unserved});
}

void work_desk::enforce(job_id id, time_point now) {
  auto* job = jobs_.find(id);
  if (job == nullptr)
    return; // it ended with another one
  if (job->now == stage::blocked) {
    // Its session is cut off: the server has had time to notice.
    job->due = never;
    emit(desk_effect::session_over{job->what.connection});
  } else if (serves_caller(job->what.kind) && !job->aborted) {
    job->aborted = true;
    job->due = now + worker_grace;
    emit(desk_effect::abort{id});
  } else {
    give_up(*job);
  }
}

void work_desk::give_up(desk_job& x) {
  x.given_up = true;
  x.due = never;
  auto id = x.what.connection;
  if (serves_caller(x.what.kind)) {
    emit(desk_effect::end{x.what.id, job_end::stuck});
    drop_unsent_cancel(id); // the connection is broken
    return;
  }
  auto* waiting = waits_for_cancel(id);
  if (x.what.kind == job_kind::cancel && waiting != nullptr)
    end_service(*waiting);
}

void work_desk::follow_drain(time_point now) {
  if (drain_ == drain_phase::draining && drain_until_ <= now) {
    emit(desk_effect::shut_down{});
    drain_ = drain_phase::closing;
    drain_until_ = add_saturated(now, close_timeout_);
  }
  if (drain_ == drain_phase::closing && drain_until_ <= now) {
    emit(desk_effect::answer_drain{});
    drain_ = drain_phase::answered;
    drain_until_ = never;
  }
}

void work_desk::dismiss_idle(time_point now) {
  std::erase_if(workers_, [this, now](auto& x) {
    if (x.job || now < x.idle_since + idle_limit)
      return false;
    emit(desk_effect::dismiss{x.id});
    return true;
  });
}

time_point work_desk::next_wakeup() const noexcept {
  auto next = drain_until_;
  for (auto& x : jobs_)
    next = std::min(next, x.due);
  for (auto& x : workers_)
    if (!x.job)
      next = std::min(next, x.idle_since + idle_limit);
  return next;
}

// -- giving work out ----------------------------------------------------------

desk_effects work_desk::settle(time_point now) {
  expire(now);
  feed(now);
  planned_wakeup_ = next_wakeup();
  return std::exchange(out_, {});
}

void work_desk::reuse(desk_effects orders) noexcept {
  orders.clear();
  if (orders.capacity() > out_.capacity())
    out_ = std::move(orders);
}

std::size_t work_desk::lost() const noexcept {
  return static_cast<std::size_t>(std::count_if(
    jobs_.begin(), jobs_.end(), [](auto& x) { return x.given_up; }));
}

std::size_t work_desk::serving() const noexcept {
  return static_cast<std::size_t>(
    std::count_if(jobs_.begin(), jobs_.end(), [](auto& x) {
      return x.now == stage::running && serves_caller(x.what.kind)
             && !x.given_up;
    }));
}

bool work_desk::leaves_a_worker() const noexcept {
  auto working = static_cast<std::size_t>(
    std::count_if(workers_.begin(), workers_.end(),
                  [](auto& x) { return static_cast<bool>(x.job); }));
  return working - lost() + 1 < most_statements_ + reserve;
}

desk_job* work_desk::next_to_run() noexcept {
  auto statements = serving() < most_statements_;
  auto looks = leaves_a_worker();
  desk_job* result = nullptr;
  for (auto& x : jobs_) {
    auto kind = x.what.kind;
    auto may
      = serves_caller(kind) ? statements : kind != job_kind::look || looks;
    if (x.now == stage::queued && may
        && (result == nullptr || urgency(kind) < urgency(result->what.kind)))
      result = &x;
  }
  return result;
}

bool work_desk::turn_away(const desk_job& x, time_point now) {
  if (x.what.kind != job_kind::execute || x.what.on_lease || !shed_overload_)
    return false; // on a lease it may end a transaction, which helps everybody
  auto queued = std::count_if(jobs_.begin(), jobs_.end(), [](auto& y) {
    return y.now == stage::queued && serves_caller(y.what.kind);
  });
  auto needed = statements_.typical(x.what.allowed, now);
  auto left = x.what.deadline - now;
  // A statement that has to be cancelled costs more than one that ends, so
  // those that just might end in time are turned away, too.
  if ((queued <= 1 && !callers_wait_) || left >= needed + needed / 2)
    return false;
  end({x.what.id, job_end::hurried, left, needed});
  return true;
}

bool work_desk::may_hire() const noexcept {
  auto usual = most_statements_ + reserve;
  auto missing = lost();
  return workers_.size() - missing < usual && missing < most_lost * usual;
}

/// Returns a worker without work, a new one if need be; nullptr if all that
/// there may be have work.
desk_worker* work_desk::free_or_hired(time_point now) {
  auto i = std::find_if(workers_.begin(), workers_.end(),
                        [](auto& x) { return !x.job; });
  if (i != workers_.end())
    return &*i;
  if (!may_hire())
    return nullptr;
  auto id = worker_id{++workers_made_};
  emit(desk_effect::hire{id});
  return &workers_.emplace_back(desk_worker{id, {}, now});
}

void work_desk::feed(time_point now) {
  while (auto* next = next_to_run()) {
    if (turn_away(*next, now))
      continue;
    auto* worker = free_or_hired(now);
    if (worker == nullptr)
      return;
    worker->job = next->what.id;
    // A close has to be done, however long it waited.
    if (next->what.kind == job_kind::close)
      next->what.deadline
        = std::max(next->what.deadline, add_saturated(now, close_timeout_));
    next->worker = worker->id;
    next->now = stage::running;
    next->due = due_at_work(next->what, now);
    emit(desk_effect::run{next->what.id, worker->id, next->what.deadline});
  }
}

} // namespace caf_pool

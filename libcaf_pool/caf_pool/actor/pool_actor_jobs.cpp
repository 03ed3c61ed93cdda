#include "caf_pool/actor/pool_actor.hpp"
#include "caf_pool/actor/worker.hpp"
#include "caf_pool/core/duration_text.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// Workers beyond those that execute: for opening, probing, closing and
/// cancelling while all others are stuck in statements.
constexpr std::size_t reserve = 2;

/// So many times the usual number of workers may be lost in calls that never
/// return before no more take their place.
constexpr std::size_t patience = 3;

bool lost(const hired_worker& x) {
  return x.job != nullptr && x.job->given_up;
}

/// Maintenance goes first: nobody is served without connections. A look comes
/// last: who does without it loses a moment.
int urgency(const pool_job& x) {
  switch (x.kind) {
    case job_kind::look:
      return 2;
    case job_kind::execute:
    case job_kind::restrict:
      return 1;
    default:
      return 0;
  }
}

/// After one job more a worker is left for maintenance.
bool leaves_a_worker(const pool_estate& x) {
  auto working = std::count_if(x.workers.begin(), x.workers.end(), [](auto& y) {
    return y.job != nullptr && !lost(y);
  });
  return static_cast<std::size_t>(working) + 1 < x.config.workers + reserve;
}

bool serves(const hired_worker& x) {
  return x.job != nullptr && x.job->serves_caller() && !lost(x);
}

error why_not_restricted(const pool_job& job, const error& why) {
  if (job.cancelled.load())
    return {errc::cancelled, "withdrawn by its caller", {}};
  if (why.code == errc::execute_timeout)
    return {errc::acquire_timeout,
            "there was a connection, but its server did not refuse writes in "
            "time: "
              + why.message,
            why.state};
  if (why)
    return why;
  return {errc::lease_lost,
          "the pool took the connection away while the server was told to "
          "refuse writes; acquire another",
          {}};
}

error hurry_error(duration left, duration needed) {
  return {errc::overloaded,
          "nothing was sent: " + to_rough_text(left)
            + " are left, a statement takes about " + to_rough_text(needed)
            + ", and others wait; try again later, allow more time, or raise "
              "workers",
          {}};
}

} // namespace

job_ptr pool_actor::make_job(job_kind kind, connection_id id,
                             time_point deadline) {
  auto job = std::make_shared<pool_job>();
  job->kind = kind;
  job->id = id;
  job->deadline = deadline;
  job->policy = estate_->config.reset_on_release;
  if (kind == job_kind::open || kind == job_kind::look)
    job->way = estate_->way;
  if (auto* entry = estate_->find(id))
    job->target = entry->held;
  return job;
}

void pool_actor::start(job_ptr job) {
  if (job->way == nullptr && job->target == nullptr)
    return; // the connection is gone; so is whoever waits for the answer
  estate_->jobs.push_back(job);
  estate_->backlog.push_back(std::move(job));
  feed_workers();
  if (!acting_)
    arm_timer();
}

bool pool_actor::may_run(const pool_job& job) const {
  if (job.kind == job_kind::look)
    return leaves_a_worker(*estate_);
  if (!job.serves_caller())
    return true;
  auto busy_ones
    = std::count_if(estate_->workers.begin(), estate_->workers.end(), serves);
  return static_cast<std::uint32_t>(busy_ones) < estate_->config.workers;
}

bool pool_actor::turn_away(const job_ptr& job) {
  if (job->on_lease)
    return false; // it may end a transaction, which helps everybody
  auto now = clock::now();
  auto needed = statements_.typical(job->limit, now);
  auto left = job->deadline - now;
  auto others = estate_->backlog.size() > 1 || !machine_.state().queue.empty();
  // A statement that has to be cancelled costs more than one that ends, so
  // those that just might end in time are turned away, too.
  if (job->kind != job_kind::execute || !estate_->config.shed_overload
      || !others || left >= needed + needed / 2)
    return false;
  ++estate_->meters->turned_away;
  drop(job, hurry_error(std::max(left, duration::zero()), needed));
  return true;
}

bool pool_actor::may_hire() const {
  auto& workers = estate_->workers;
  auto usual = estate_->config.workers + reserve;
  auto missing = static_cast<std::size_t>(
    std::count_if(workers.begin(), workers.end(), lost));
  return workers.size() - missing < usual && missing < patience * usual;
}

void pool_actor::feed_workers() {
  auto& backlog = estate_->backlog;
  auto& workers = estate_->workers;
  while (!backlog.empty()) {
    auto next
      = std::min_element(backlog.begin(), backlog.end(), [](auto& x, auto& y) {
          return urgency(*x) < urgency(*y);
        });
    if (!may_run(**next))
      return;
    if (turn_away(job_ptr{*next}))
      continue;
    auto free = std::find_if(workers.begin(), workers.end(),
                             [](auto& x) { return x.job == nullptr; });
    if (free == workers.end()) {
      if (!may_hire())
        return;
      auto report = [weak = estate_->weak_from_this()](const job_ptr& job) {
        if (auto estate = weak.lock())
          if (auto shell = estate->shell())
            post_to(shell, job_finished{job});
      };
      workers.push_back(
        {spawn_worker(system(), report), nullptr, clock::now()});
      free = workers.end() - 1;
    }
    free->job = *next;
    free->job->started = true;
    backlog.erase(next);
    send_to(this, free->handle, run_job{free->job});
  }
}

job_ptr pool_actor::running_on(connection_id id, job_kind kind) const {
  for (auto& job : estate_->jobs)
    if (job->id == id && job->kind == kind)
      return job;
  return nullptr;
}

job_ptr pool_actor::job_of(ticket id) const {
  for (auto& job : estate_->jobs)
    if (job->serves_caller() && job->caller == id)
      return job;
  return nullptr;
}

bool pool_actor::busy(connection_id id) const {
  return std::any_of(estate_->jobs.begin(), estate_->jobs.end(),
                     [id](auto& job) { return job->id == id; });
}

void pool_actor::on_finished(const job_ptr& job) {
  auto& jobs = estate_->jobs;
  auto i = std::find(jobs.begin(), jobs.end(), job);
  if (i == jobs.end())
    return;
  jobs.erase(i);
  for (auto& worker : estate_->workers)
    if (worker.job == job) {
      worker.job = nullptr;
      worker.idle_since = clock::now();
    }
  conclude(job);
  if (auto after = estate_->close_after.extract(job->id); !after.empty()) {
    if (busy(job->id))
      estate_->close_after.insert(std::move(after));
    else
      start(std::move(after.mapped()));
  }
  feed_workers();
  finish_if_over();
}

void pool_actor::conclude(const job_ptr& job) {
  auto now = clock::now();
  switch (job->kind) {
    case job_kind::open:
      if (!job->begun && !job->why) {
        act(machine_.not_opened(job->id, now));
        break;
      }
      estate_->meters->open_time.record(job->took);
      if (job->opened) {
        estate_->store(job->id, std::move(job->opened));
        act(machine_.opened(job->id, job->took, now));
      } else {
        act(machine_.open_failed(job->id, job->why, job->took, now));
      }
      break;
    case job_kind::probe:
      act(machine_.probed(job->id, job->why, job->took, now));
      break;
    case job_kind::reset:
      act(machine_.reset_done(job->id, job->why, now));
      break;
    case job_kind::execute:
    case job_kind::restrict:
      // A cancel that is still on its way must not hit the next holder.
      if (running_on(job->id, job_kind::cancel) != nullptr)
        estate_->cancelled.emplace(job->id, job);
      else if (!job->given_up)
        conclude_service(job, job->why);
      break;
    case job_kind::cancel:
      if (auto late = estate_->cancelled.extract(job->id); !late.empty())
        conclude_service(late.mapped(), late.mapped()->why);
      break;
    case job_kind::close:
      act(machine_.closed(job->id, now));
      break;
    case job_kind::look:
      act(machine_.looked(job->number, job->why, now));
      break;
  }
}

// -- statements ---------------------------------------------------------------

caf::delegated<outcome> pool_actor::on_execute(const execute& x) {
  auto from = caf::actor_cast<caf::actor_addr>(current_sender());
  attend(from);
  auto due = waiting_execute{late_reply<outcome>::to_request_of(this), x.what};
  auto now = clock::now();
  if (x.how.deadline) // as the machine does it
    due.deadline = std::max(*x.how.deadline, now);
  due.limit = allowance(x.how, now);
  due.read_only = x.how.read_only;
  due.bound_by_pool = x.how.bound_by_pool;
  due.on_lease = static_cast<bool>(x.lease);
  if (due.on_lease)
    execute_on(x, std::move(due), from);
  else
    begin_waiting({std::move(due), from, x.request}, x.how);
  return {};
}

void pool_actor::execute_on(const execute& x, waiting_execute due,
                            const caf::actor_addr& from) {
  auto& lease = x.lease;
  auto* entry = estate_->find(lease.connection);
  if (!held_under(lease, entry) || entry->by_id.holder != from) {
    due.reply->fail({errc::lease_lost,
                     "the lease " + to_string(lease)
                       + " is not yours any more; acquire another",
                     {}});
    return;
  }
  if (busy(lease.connection)) {
    due.reply->fail({errc::invalid_argument,
                     "a statement runs on this lease already; wait for its "
                     "answer",
                     {}});
    return;
  }
  claim(lease.connection);
  auto id = estate_->next_ticket();
  expect_answer(id, {std::move(due), from, x.request});
  give(std::get<waiting_execute>(callers_.at(id).reply),
       effect::grant{id, lease, duration::zero()});
}

void pool_actor::give(waiting_execute& to, const effect::grant& x) {
  auto deadline = add_saturated(clock::now(), estate_->config.execute_timeout);
  if (to.deadline)
    deadline
      = to.bound_by_pool ? std::min(*to.deadline, deadline) : *to.deadline;
  auto job = make_job(job_kind::execute, x.lease.connection, deadline);
  job->what = std::move(to.what);
  job->limit = to.limit;
  job->read_only = to.read_only;
  job->on_lease = to.on_lease;
  job->caller = x.caller;
  job->lease = x.lease;
  job->reply = to.reply;
  start(std::move(job));
}

void pool_actor::conclude_service(const job_ptr& job, const error& why) {
  auto now = clock::now();
  if (job->kind == job_kind::execute && job->started && !why)
    statements_.note(job->limit, job->took, now);
  auto place = callers_.find(job->caller);
  auto wanted = place != callers_.end() && !job->cancelled.load();
  if (job->kind == job_kind::restrict && !why && wanted
      && machine_.state().leases.valid(job->lease)) {
    hand_over(place, effect::grant{job->caller, job->lease, job->waited});
    return;
  }
  auto end = lease_end{};
  end.left = job->target->object->state();
  end.unused = !job->started;
  if (end.left == trace::broken)
    end.why = why;
  answer_holder(job, why);
  auto* record = machine_.state().table.find(job->id);
  if (record == nullptr)
    return;
  if (record->state == connection_state::quarantined)
    act(machine_.settled(job->id, end, now));
  else if (!estate_->held_by_id(job->id) || end.left == trace::broken)
    end_lease(job->lease, end, now);
}

void pool_actor::answer_holder(const job_ptr& job, const error& why) {
  auto node = callers_.extract(job->caller);
  if (!node.empty()) {
    auto& who = node.mapped();
    requests_.erase({who.from, who.request});
    if (job->kind == job_kind::restrict)
      fail(who, why_not_restricted(*job, why));
  }
  answer(*job, why);
}

void pool_actor::drop(const job_ptr& job, error why) {
  std::erase(estate_->backlog, job);
  job->why = std::move(why);
  on_finished(job);
}

void pool_actor::stop(const job_ptr& job) {
  if (!job->started) {
    drop(job, {errc::cancelled, "withdrawn by its caller", {}});
    return;
  }
  // Either the worker sees this before it answers, or it has finished before.
  job->cancelled.store(true);
  if (!job->finished.load() && running_on(job->id, job_kind::cancel) == nullptr)
    start(make_job(job_kind::cancel, job->id, job->deadline));
}

} // namespace caf_pool

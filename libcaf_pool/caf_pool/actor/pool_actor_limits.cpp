#include "caf_pool/actor/pool_actor.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

/// A worker without work ends after this.
constexpr duration idle_limit = std::chrono::seconds{30};

/// How much later than its deadline a statement may come back before its
/// connection is broken from outside, and how much later than that any job may
/// come back before nobody counts on it.
constexpr duration grace = std::chrono::seconds{1};

/// Returns when something is to be done about a job that has not finished.
time_point limit_of(const pool_job& job) {
  if (job.given_up)
    return never;
  if (job.serves_caller() && !job.started)
    return job.deadline;
  if (job.serves_caller() && !job.aborted)
    return add_saturated(job.deadline, grace);
  return add_saturated(job.deadline, 2 * grace);
}

error no_worker(const pool_job& job, const pool_config& config) {
  if (!job.serves_caller())
    return {errc::open_timeout, "no worker became free in time", {}};
  return {errc::execute_timeout,
          "all workers were busy until the deadline, nothing was sent (workers "
          "= "
            + std::to_string(config.workers)
            + "); raise workers, or allow more time",
          {}};
}

error stuck() {
  return {errc::outcome_unknown,
          "the backend did not come back from the statement, not even after "
          "its connection was broken; it may have taken effect or not: look "
          "before you repeat it",
          {}};
}

} // namespace

time_point pool_actor::next_limit() const {
  auto next = never;
  for (auto& job : estate_->jobs)
    next = std::min(next, limit_of(*job));
  for (auto& [slot, x] : estate_->lingering)
    next = std::min(next, x.until);
  return next;
}

void pool_actor::enforce_limits(time_point now) {
  auto jobs = estate_->jobs; // what is done about them changes the list
  for (auto& job : jobs)
    if (limit_of(*job) <= now)
      enforce_limit(job);
}

void pool_actor::enforce_limit(const job_ptr& job) {
  if (!job->started && job->kind != job_kind::close) {
    drop(job, no_worker(*job, estate_->config));
    return;
  }
  if (job->serves_caller() && !job->aborted) {
    job->aborted = true;
    job->target->object->abort();
    arm_timer();
    return;
  }
  job->given_up = true;
  if (job->serves_caller())
    conclude_service(job, stuck());
  feed_workers(); // another worker may take its place
}

void pool_actor::end_lingering(time_point now) {
  for (auto& [slot, x] : estate_->lingering) {
    if (now < x.until)
      continue;
    // Its session is cut off: the server has had time to notice.
    x.until = never;
    act(machine_.closed(x.close->id, now));
  }
}

void pool_actor::dismiss_idle(time_point now) {
  auto& workers = estate_->workers;
  auto over = [this, now](hired_worker& x) {
    if (x.job != nullptr || now < x.idle_since + idle_limit)
      return false;
    send_to(this, x.handle, dismiss{});
    return true;
  };
  workers.erase(std::remove_if(workers.begin(), workers.end(), over),
                workers.end());
}

void pool_actor::finish_if_over() {
  auto& life = machine_.state();
  auto& jobs = estate_->jobs;
  if (life.life != pool_life::closed || life.table.size() > 0
      || !std::all_of(jobs.begin(), jobs.end(),
                      [](auto& job) { return job->given_up; }))
    return;
  for (auto& worker : estate_->workers)
    post_to(worker.handle, dismiss{});
  estate_->workers.clear();
  quit();
}

} // namespace caf_pool

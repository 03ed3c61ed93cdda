#include "caf_pool/actor/worker.hpp"

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/lease/second_try.hpp"

#include <utility>

namespace caf_pool {

namespace {

void open(pool_job& job) {
  if (job.called_off.load(std::memory_order_acquire))
    return;
  job.begun = true;
  auto opened
    = job.backend->open_unless(job.stop.get_token(), job.order.deadline);
  if (opened)
    job.opened = *std::move(opened);
  else
    job.why = opened.error();
}

void keep(pool_job& job, const result<void>& outcome) {
  if (!outcome)
    job.why = outcome.error();
}

void work_on(pool_job& job) {
  if (job.read_only)
    keep(job, job.target->object->restrict_to_reads(job.order.deadline));
  if (job.why)
    return;
  auto done = job.target->run(job.what, job.order.on_lease, job.order.deadline);
  if (done) {
    job.done = *std::move(done);
    return;
  }
  job.why = done.error();
  job.repeat = job.again != nullptr
               && has_second_try(*job.target->object, job.what, job.why.code,
                                 clock::now(), job.again->deadline);
}

void dispatch(pool_job& job) {
  switch (job.order.kind) {
    case job_kind::open:
      open(job);
      break;
    case job_kind::probe:
      keep(job, job.target->object->probe(job.order.deadline));
      break;
    case job_kind::reset:
      keep(job, job.target->object->reset(job.policy, job.order.deadline));
      break;
    case job_kind::execute:
      work_on(job);
      break;
    case job_kind::restrict:
      keep(job, job.target->object->restrict_to_reads(job.order.deadline));
      break;
    case job_kind::cancel:
      job.target->object->cancel();
      break;
    case job_kind::look:
      keep(job, job.backend->reachable(job.order.deadline));
      break;
    case job_kind::close:
      job.target->object->close(job.order.deadline);
      break;
  }
}

class worker_actor : public worker_handle::base {
public:
  worker_actor(caf::actor_config& cfg, job_done report)
    : worker_handle::base(cfg), report_(std::move(report)) {
    drop_unexpected(this);
  }

  behavior_type make_behavior() override {
    return {
      [this](const run_job& x) {
        run(*x.job);
        // First, so that the caller's next request finds the connection free.
        report_(x.job);
        if (!x.job->cancelled.load() && !x.job->repeat)
          answer(*x.job, x.job->why);
      },
      [this](const dismiss&) { quit(); },
    };
  }

private:
  job_done report_;
};

} // namespace

void run(pool_job& job) {
  auto start = clock::now();
  try {
    dispatch(job);
  } catch (const std::exception& ex) {
    job.why = backend_threw(ex);
  }
  job.took = clock::now() - start;
  job.finished.store(true);
}

void answer(pool_job& job, const error& why) {
  if (job.reply == nullptr)
    return;
  job.reply->keep([&]() -> result<outcome> {
    if (why)
      return why;
    return std::move(job.done);
  });
}

worker_handle spawn_worker(caf::actor_system& sys, job_done report) {
  return sys.spawn<worker_actor, caf::detached>(std::move(report));
}

} // namespace caf_pool

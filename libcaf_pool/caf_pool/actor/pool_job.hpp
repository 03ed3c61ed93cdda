#pragma once

#include "caf_pool/actor/pool_messages.hpp"
#include "caf_pool/caf/late_reply.hpp"
#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/error.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/core/work.hpp"
#include "caf_pool/lease/pooled_connection.hpp"
#include "caf_pool/work/job_order.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>

namespace caf_pool {

/// How whoever wanted work done is answered.
using execute_reply = std::shared_ptr<late_reply<outcome>>;

/// What a second try of work takes.
struct second_try {
  call_options how;
  caf::actor_addr from;
  std::uint64_t request = 0;
  /// The end of both tries together, once the first begins.
  time_point deadline = never;
};

/// One piece of blocking work and all that it takes. The worker fills in the
/// results and says so; the pool's actor, or its successor, reads them
/// afterwards.
struct pool_job {
  job_order order;
  /// How to open and look; null for everything else.
  backend_ptr backend;
  /// The connection to work on; null for `open` and `look`.
  std::shared_ptr<pooled_connection> target;
  reset_policy policy = reset_policy::automatic;
  /// For `execute`.
  work what;
  /// For `execute`: makes the server refuse writes before it begins.
  bool read_only = false;
  /// What an `execute` or a `restrict` works on.
  lease_id lease;
  /// For `restrict`: how long the caller waited in the queue.
  duration waited = duration::zero();
  /// Null for everything else than `execute`.
  execute_reply reply;
  /// For the first try of an `execute` by itself; null for everything else.
  std::unique_ptr<second_try> again;
  /// For `look`: which one.
  std::uint64_t look = 0;

  /// For `open`: the worker is not to begin any more.
  std::atomic<bool> called_off{false};
  /// For `open`: the backend is not to go on either.
  std::stop_source stop;

  // -- results ----------------------------------------------------------------

  /// For `open`: it began before it was called off.
  bool begun = false;
  connection_ptr opened;
  outcome done;
  error why;
  /// For `execute`: its caller is not answered, because it is tried once more.
  bool repeat = false;
  duration took = duration::zero();
  /// Set last, by the worker.
  std::atomic<bool> finished{false};
  /// Somebody wants the statement stopped: the worker leaves the answer to the
  /// pool's actor, because the connection is free only after the cancel.
  std::atomic<bool> cancelled{false};
};

using job_ptr = std::shared_ptr<pool_job>;

/// An order to a worker.
struct run_job {
  job_ptr job;
};

/// A worker's report.
struct job_finished {
  job_ptr job;
};

/// A worker has nothing to do any more and may end.
struct dismiss {};

using worker_handle = actor_of<void(run_job), void(dismiss)>;

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_pool_jobs, 270)
CAF_POOL_MESSAGE(caf_pool_pool_jobs, caf_pool::run_job)
CAF_POOL_MESSAGE(caf_pool_pool_jobs, caf_pool::job_finished)
CAF_POOL_MESSAGE(caf_pool_pool_jobs, caf_pool::dismiss)
CAF_POOL_END_MESSAGES(caf_pool_pool_jobs)

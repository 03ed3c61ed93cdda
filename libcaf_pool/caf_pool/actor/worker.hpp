#pragma once

#include "caf_pool/actor/pool_job.hpp"

#include <functional>

namespace caf_pool {

/// Does the work of a job with the backend's blocking calls. Never throws:
/// whatever a backend throws becomes `errc::internal`.
void run(pool_job& job);

/// Tells whoever wanted work done how it ended: its outcome, or `why`.
void answer(pool_job& job, const error& why);

/// Called on the worker's thread when a job is done.
using job_done = std::function<void(const job_ptr&)>;

/// Spawns a detached actor: the only place where a driver is called on behalf
/// of a pool. CAF's scheduler threads never see a blocking call.
worker_handle spawn_worker(caf::actor_system& sys, job_done report);

} // namespace caf_pool

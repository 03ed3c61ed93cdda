#pragma once

#include "caf_pool/actor/pool_job.hpp"
#include "caf_pool/core/error.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/work/desk_effect.hpp"

/// What callers hear of jobs that ended without an outcome.
namespace caf_pool {

/// No worker became free in time.
error unserved_error(const pool_job& job, const pool_config& config);

/// Returns why a job that served a caller ended so; nothing if it went well.
error why_it_ended(const pool_job& job, const desk_effect::end& x,
                   const pool_config& config);

/// Returns why a caller does not get its lease for reading, although the pool
/// had a connection; `why` is how the job ended.
error why_not_restricted(const pool_job& job, const error& why);

} // namespace caf_pool

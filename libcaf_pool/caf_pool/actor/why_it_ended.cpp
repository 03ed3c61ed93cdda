#include "caf_pool/actor/why_it_ended.hpp"

#include "caf_pool/core/duration_text.hpp"

#include <string>

namespace caf_pool {

namespace {

error stuck_error() {
  return {errc::outcome_unknown,
          "the backend did not come back from the statement, not even after "
          "its connection was broken; it may have taken effect or not: look "
          "before you repeat it",
          {}};
}

error hurried_error(const desk_effect::end& x) {
  return {errc::overloaded,
          "nothing was sent: " + to_rough_text(x.left)
            + " are left, a statement takes about " + to_rough_text(x.needed)
            + ", and others wait; try again later, allow more time, or raise "
              "workers",
          {}};
}

error disconnected_error() {
  return {errc::lease_lost,
          "nothing was sent: the pool took the connection away; acquire "
          "another",
          {}};
}

} // namespace

error unserved_error(const pool_job& job, const pool_config& config) {
  if (!serves_caller(job.order.kind))
    return {errc::open_timeout, "no worker became free in time", {}};
  return {errc::execute_timeout,
          "its time was over before a worker could begin, nothing was sent "
          "(workers = "
            + std::to_string(config.workers)
            + "); allow more time, or raise workers",
          {}};
}

error why_it_ended(const pool_job& job, const desk_effect::end& x,
                   const pool_config& config) {
  switch (x.how) {
    case job_end::done:
    case job_end::late:
      break;
    case job_end::stuck:
      return stuck_error();
    case job_end::withdrawn:
      return {errc::cancelled, "withdrawn by its caller", {}};
    case job_end::unserved:
      return unserved_error(job, config);
    case job_end::hurried:
      return hurried_error(x);
    case job_end::disconnected:
      return disconnected_error();
  }
  return job.why;
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

} // namespace caf_pool

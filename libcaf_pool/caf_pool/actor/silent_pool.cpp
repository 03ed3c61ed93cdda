#include "caf_pool/actor/silent_pool.hpp"

#include <utility>

namespace caf_pool {

namespace {

constexpr auto advice = "; \"resume\" or a reload brings it back";

} // namespace

std::string end_of_pool(const error& why, bool node_drains) {
  if (node_drains)
    return "the node drains";
  if (!why)
    return std::string{"it was drained"} + advice;
  return "it was given up: " + why.message + advice;
}

std::string cannot_be_made(const error& why) {
  return "it could not be made: " + why.message + advice;
}

error pool_is_over(const std::string& name, const std::string& reason) {
  return {errc::closed, "pool \"" + name + "\" is closed: " + reason, {}};
}

pool_snapshot snapshot_of_silence(const pool_config& config,
                                  pool_snapshot known) {
  known.name = config.name;
  known.backend = config.backend;
  known.required = config.required;
  known.min_size = config.min_size;
  known.max_size = config.max_size;
  known.max_overflow = config.max_overflow;
  known.max_waiters = config.waiter_limit();
  known.status = pool_status::down;
  known.reasons = {"the pool's actor does not answer"};
  return known;
}

pool_snapshot snapshot_of_end(const pool_config& config, pool_snapshot known,
                              pool_status status, std::string reason) {
  known = snapshot_of_silence(config, std::move(known));
  known.status = status;
  known.reasons = {std::move(reason)};
  known.gauges = {};
  known.longest_wait = {};
  known.breaker = breaker_state::closed;
  known.breaker_open_for = {};
  known.uptime = {};
  known.leases.clear();
  known.connections.clear();
  return known;
}

} // namespace caf_pool

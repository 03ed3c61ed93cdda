#pragma once

#include "caf_pool/backend/redis_cluster/node_address.hpp"
#include "caf_pool/core/pool_snapshot.hpp"

#include <cstdint>

namespace caf_pool::cluster {

/// What is known of a node of a cluster and the connections to it.
///
/// Thread-safety: a plain value.
struct node_state {
  node_address where;
  std::uint32_t idle = 0;
  std::uint32_t used = 0;
  std::uint64_t opened = 0;
  std::uint64_t open_errors = 0;
  breaker_state breaker = breaker_state::closed;
};

} // namespace caf_pool::cluster

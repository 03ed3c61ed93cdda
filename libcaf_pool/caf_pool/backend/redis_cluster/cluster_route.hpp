#pragma once

#include "caf_pool/backend/redis_cluster/batch_splitter.hpp"
#include "caf_pool/backend/redis_cluster/node_pools.hpp"
#include "caf_pool/backend/redis_cluster/topology.hpp"

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace caf_pool::cluster {

/// What all calls to a cluster share: who serves what, and the connections.
///
/// Thread-safety: all members from any thread.
struct cluster_route {
  cluster_route(node_pools::maker make, const node_limits& limits,
                std::vector<node_address> seeds, split_options how)
    : nodes(std::move(make), limits),
      who(nodes, std::move(seeds)),
      options(std::move(how)) {
    // nop
  }

  /// Returns numbers in turn, for commands that any node may have.
  std::uint64_t next_turn() noexcept {
    return turn.fetch_add(1, std::memory_order_relaxed);
  }

  node_pools nodes;
  topology who;
  const split_options options;
  std::atomic<std::uint64_t> turn{0};
};

} // namespace caf_pool::cluster

#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/redis_cluster/node_address.hpp"
#include "caf_pool/backend/redis_cluster/node_pool.hpp"
#include "caf_pool/backend/redis_cluster/slot_table.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace caf_pool::cluster {

/// One pool for each node of a cluster, made on first use.
///
/// Thread-safety: all members from any thread.
class node_pools {
public:
  /// Describes the server at an address; touches no network.
  using maker = std::function<result<backend_ptr>(const node_address&)>;

  node_pools(maker make, const node_limits& limits);

  /// Returns a connection to a node; fails as `node_pool::acquire`.
  result<node_lease> acquire(const node_address& node, time_point deadline);

  /// Returns what opens connections to a node beside its pool.
  result<backend_ptr> server(const node_address& node) const;

  /// Closes the pools of nodes that a table does not name, and in the others
  /// what was idle for too long.
  void keep(const slot_table& table);

  /// Closes a node's connections: somebody else answers at its address.
  void forget(const node_address& node);

  std::vector<node_state> states() const;

private:
  const maker make_;
  const node_limits limits_;
  mutable std::mutex mutex_;
  random_source random_;
  std::map<node_address, std::shared_ptr<node_pool>> pools_;
};

} // namespace caf_pool::cluster

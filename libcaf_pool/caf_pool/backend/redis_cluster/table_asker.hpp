#pragma once

#include "caf_pool/backend/redis_cluster/node_pools.hpp"
#include "caf_pool/backend/redis_cluster/slot_table.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

#include <memory>
#include <stop_token>
#include <vector>

namespace caf_pool::cluster {

/// Asks nodes for the table of slots, on a connection that belongs to no pool:
/// it works when all others are in use.
///
/// Thread-safety: one thread at a time.
class table_asker {
public:
  explicit table_asker(const node_pools& nodes) : nodes_(nodes) {
    // nop
  }

  /// Asks one after the other for at most a second each, until one names a
  /// table that may take the place of `present`, or most of the masters agree
  /// on one. The first table of all should serve every slot.
  ///
  /// Returns the last error if no node answers, and `server_unready` if none
  /// names such a table.
  ///
  /// If `members` is not null, the nodes without slots are asked for as well.
  result<slot_table> ask(const std::vector<node_address>& nodes,
                         const slot_table& present, const std::stop_token& stop,
                         std::vector<node_address>* members = nullptr);

  /// The node that answered last.
  const node_address& answered() const noexcept {
    return to_;
  }

private:
  result<slot_table> ask(const node_address& node, const std::stop_token& stop,
                         std::vector<node_address>* members);
  result<void> connect(const node_address& node, const std::stop_token& stop,
                       time_point deadline);
  result<redis_replies> exchange(bool members, const std::stop_token& stop,
                                 time_point deadline);

  const node_pools& nodes_;
  node_address to_;
  connection_ptr open_;
};

} // namespace caf_pool::cluster

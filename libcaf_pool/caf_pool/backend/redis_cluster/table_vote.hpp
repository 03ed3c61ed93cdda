#pragma once

#include "caf_pool/backend/redis_cluster/node_address.hpp"
#include "caf_pool/backend/redis_cluster/slot_table.hpp"

#include <vector>

namespace caf_pool::cluster {

/// A node's view of its cluster.
struct told_table {
  node_address by;
  slot_table table;
};

/// Returns the view to take instead of `present` although `present` accepts
/// none of them by itself: a cluster that really lost slots, or was made anew
/// with a lower epoch, says so by most of its masters. Null if there is none.
///
/// Those that `present` knows as masters have a vote each, and more than half
/// of them must agree. If none of them said anything, the others vote, and what
/// they agree on must serve slots: a node that was removed knows none.
///
/// Thread-safety: any thread.
const slot_table* agreed(const slot_table& present,
                         const std::vector<told_table>& told);

} // namespace caf_pool::cluster

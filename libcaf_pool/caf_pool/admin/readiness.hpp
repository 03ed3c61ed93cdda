#pragma once

#include "caf_pool/admin/overview.hpp"
#include "caf_pool/core/time.hpp"

#include <string>
#include <vector>

namespace caf_pool {

/// Without an answer of the manager for longer, a node does not count as ready.
inline constexpr duration max_overview_age = std::chrono::seconds{10};

/// Whether the node should get work.
struct readiness {
  bool ready = true;
  /// Why not, for people; empty if it is ready.
  std::vector<std::string> reasons;
};

/// Tells whether a pool can lend connections at the moment.
bool can_serve(const pool_snapshot& x) noexcept;

/// A node is ready while it is neither starting nor draining, its manager
/// answers, and every required pool can serve.
readiness judge_readiness(const node_facts& node, const pool_overview& pools);

} // namespace caf_pool

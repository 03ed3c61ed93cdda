#pragma once

#include "caf_pool/backend/pool_diff.hpp"
#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/node_config.hpp"

#include <string>
#include <vector>

namespace caf_pool {

/// All differences between two configurations.
struct config_diff {
  std::vector<config_change> changes;
  /// Names of pools.
  std::vector<std::string> added;
  std::vector<std::string> removed;

  bool empty() const noexcept {
    return changes.empty() && added.empty() && removed.empty();
  }

  /// Returns the changes that a running node cannot bring into force.
  std::vector<config_change> sealed() const;

  friend bool operator==(const config_diff&, const config_diff&) = default;
};

/// Compares two configurations, pools by their names. A pure function.
config_diff diff(const node_config& from, const node_config& to,
                 const backend_registry& registry);

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/settings/setting_effect.hpp"

#include <string>
#include <vector>

namespace caf_pool {

/// A setting that differs between two configurations.
struct config_change {
  /// Dotted: "pools.main.max_size".
  std::string key;
  /// Secrets are masked.
  std::string from;
  std::string to;
  change_effect effect = change_effect::live;

  friend bool operator==(const config_change&, const config_change&) = default;
};

/// Compares two configurations of one pool and tells what each difference
/// takes. A pure function.
std::vector<config_change> diff_pools(const pool_config& from,
                                      const pool_config& to,
                                      const backend_registry& registry);

/// Returns the strongest effect that a running pool can have: settings that
/// need a restart of the node are left out. `live` also if nothing changed.
change_effect strongest_effect(const std::vector<config_change>& changes);

} // namespace caf_pool

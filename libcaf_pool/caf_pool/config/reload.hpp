#pragma once

#include "caf_pool/config/diff.hpp"
#include "caf_pool/core/result.hpp"

#include <string>

namespace caf_pool {

/// What a reload does: pure, so that it is known before anything is touched.
struct reload_plan {
  config_diff changes;
  /// The configuration that is in force afterwards: what was asked for, but
  /// for settings that need a restart, which keep their values.
  node_config in_force;

  /// Says in one line what changes, with the keys that need a restart.
  std::string summary() const;
};

/// Plans how to get from the configuration in force to another one. Refuses
/// one without pools (`config_invalid`): an empty file is a mistake.
result<reload_plan> plan_reload(const node_config& from, const node_config& to,
                                const backend_registry& registry);

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/result.hpp"

#include <map>
#include <string>
#include <vector>

namespace caf_pool {

/// A pool that was checked: to make it can hardly fail any more.
struct planned_pool {
  pool_config config;
  backend_ptr backend;
};

/// By names.
using pool_plan = std::map<std::string, planned_pool>;

/// Checks the pools of a new configuration and makes their backends; opens
/// nothing. `present` are the backends in use, by names of pools. Returns
/// `config_invalid` with every problem.
result<pool_plan> plan_pools(const std::vector<pool_config>& pools,
                             const std::map<std::string, backend_ptr>& present,
                             const backend_registry& registry);

} // namespace caf_pool

#pragma once

#include "caf_pool/config/layer.hpp"
#include "caf_pool/settings/validate.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// Environment variables by name.
using environment_map = std::map<std::string, std::string, std::less<>>;

/// Copies the environment of this process.
///
/// Thread-safety: none against changes of the environment.
environment_map current_environment();

/// Variables that begin with this are settings: two underscores stand for a
/// dot, letter case counts nothing, so that CAF_POOL__POOLS__MAIN__MAX_SIZE is
/// pools.main.max_size.
inline constexpr std::string_view environment_prefix = "CAF_POOL__";

namespace detail {

/// Makes the layer of the variables that begin with `environment_prefix`.
/// `pools` are the pools of the files: their names are found regardless of case
/// and of '-' against '_'.
layer read_environment(const environment_map& variables,
                       const std::vector<std::string>& pools,
                       std::vector<config_problem>& problems);

/// Adds the DATABASE_* variables. They belong to the pool "main", or to the
/// only one; `pools` are those of databases.
void read_database_variables(const environment_map& variables,
                             const std::vector<std::string>& pools, layer& out,
                             std::vector<config_problem>& problems);

/// Adds the REDIS_* variables, which hold for all `pools`: those of Redis. One
/// alone is the size of a pool. Of both, REDIS_MAX_CONNECTIONS is the size and
/// REDIS_POOL_SIZE the part of it that is no overflow.
void read_redis_variables(const environment_map& variables,
                          const std::vector<std::string>& pools, layer& out,
                          std::vector<config_problem>& problems,
                          std::vector<config_problem>& warnings);

} // namespace detail

} // namespace caf_pool

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

/// Makes the layer of the environment. `pools` are the pools of the files:
/// their names are found regardless of case and of '-' against '_'. The
/// DATABASE_* variables belong to the pool "main", or to the only one.
layer read_environment(const environment_map& variables,
                       const std::vector<std::string>& pools,
                       std::vector<config_problem>& problems,
                       std::vector<config_problem>& warnings);

} // namespace detail

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/settings/validate.hpp"

#include <string>
#include <vector>

namespace caf_pool {

/// Returns every problem of a pool's settings, those with its backend included.
/// Keys start with `prefix`, as in `validate`.
std::vector<config_problem> check_pool(const pool_config& config,
                                       const backend_ptr& backend,
                                       const std::string& prefix = {});

} // namespace caf_pool

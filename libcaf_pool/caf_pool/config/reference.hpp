#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/pool_config.hpp"

#include <string>

namespace caf_pool {

/// What [defaults] of config/base.toml says: the defaults in the code, but 20
/// connections more under load. Code that sets only `max_size` means all of it.
pool_config base_profile_defaults();

/// Renders config/base.toml: every key with its default, its range and one
/// sentence. What only makes sense for one pool (its backend, the backend's
/// options, its password) is shown as comments.
std::string render_reference(const backend_registry& registry);

} // namespace caf_pool

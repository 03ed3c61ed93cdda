#pragma once

#include "caf_pool/backend/registry.hpp"

#include <string>

namespace caf_pool {

/// Renders config/base.toml: every key with its default, its range and one
/// sentence. What only makes sense for one pool (its backend, the backend's
/// options, its password) is shown as comments.
std::string render_reference(const backend_registry& registry);

} // namespace caf_pool

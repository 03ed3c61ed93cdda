#pragma once

#include <functional>
#include <map>
#include <string>

namespace caf_pool {

/// Kinds of server by the names of backends: "database" or "redis". Documents
/// group pools by them.
using backend_families = std::map<std::string, std::string, std::less<>>;

} // namespace caf_pool

#pragma once

#include <functional>
#include <map>
#include <string>

namespace caf_pool {

/// Kinds of server by the names of backends: "database" or "redis". Documents
/// group pools by them.
using backend_families = std::map<std::string, std::string, std::less<>>;

/// Returns the family of a backend. One that is missing is a database.
inline std::string family_of(const std::string& backend,
                             const backend_families& families) {
  auto i = families.find(backend);
  return i == families.end() ? "database" : i->second;
}

} // namespace caf_pool

#pragma once

#include <string>

namespace caf_pool {

/// Version of this release, after semver.org.
inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;

/// Renders as "0.1.0".
inline std::string version() {
  return std::to_string(version_major) + '.' + std::to_string(version_minor)
         + '.' + std::to_string(version_patch);
}

} // namespace caf_pool

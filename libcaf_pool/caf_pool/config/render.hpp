#pragma once

#include "caf_pool/config/load.hpp"

#include <string>
#include <vector>

namespace caf_pool {

/// One line of a configuration for people.
struct shown_setting {
  /// Dotted: "pools.main.max_size".
  std::string key;
  /// As in a file, but without quotes; secrets are masked.
  std::string value;
  /// See `origin_map`.
  std::string origin;

  friend bool operator==(const shown_setting&, const shown_setting&) = default;
};

/// Lists every setting of a configuration: the node's, then those of each pool
/// with its backend's options and how its password was given.
std::vector<shown_setting> list_settings(const loaded_config& config);

/// Renders a configuration as one TOML file that loads again to the same
/// values, with origins as comments if asked for. Passwords do not appear: a
/// pool with one by its own gets a comment in its place.
std::string render_toml(const loaded_config& config, bool with_origin);

} // namespace caf_pool

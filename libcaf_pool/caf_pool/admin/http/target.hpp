#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caf_pool {

/// The target of a request, taken apart.
struct request_target {
  /// Decoded; begins with '/'.
  std::string path;
  /// As it came, without '?'.
  std::string query;

  /// Tells whether the query has this flag: "verbose", "verbose=1", but not
  /// "verbose=0" or "verbose=false".
  bool has_flag(std::string_view name) const;
};

/// Takes a target apart. Returns nothing if it is not a path, has a broken
/// %-sequence or a control character.
std::optional<request_target> parse_target(std::string_view str);

} // namespace caf_pool

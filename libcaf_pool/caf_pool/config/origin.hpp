#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace caf_pool {

/// Tells for every dotted key where its value came from: "default",
/// "default of redis" (a kind of backend), "base.toml:12",
/// "environment CAF_POOL__NODE__NAME" or "command line".
using origin_map = std::map<std::string, std::string, std::less<>>;

/// What `origin_map` says of a value that nobody wrote.
inline constexpr const char* default_origin = "default";

namespace detail {

/// Where a value was written.
struct origin {
  /// File, variable or "command line".
  std::string source;
  /// Both count from 1; 0 outside of files.
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// Renders as "base.toml:12".
std::string to_string(const origin& x);

/// Renders as "base.toml:12:8", the form that editors jump to.
std::string place_of(const origin& x);

} // namespace detail

} // namespace caf_pool

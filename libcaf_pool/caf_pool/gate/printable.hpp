#pragma once

#include "caf_pool/core/ascii.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace caf_pool {

/// Returns what a client says of itself, fit for logs and screens: bounded, and
/// without control characters.
inline std::string printable(std::string_view x) {
  constexpr std::size_t max_length = 64;
  return without_controls(x.substr(0, max_length));
}

} // namespace caf_pool

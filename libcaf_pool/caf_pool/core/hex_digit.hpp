#pragma once

namespace caf_pool {

/// Returns the value of a hexadecimal digit, upper or lower case; -1 for any
/// other character.
constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

} // namespace caf_pool

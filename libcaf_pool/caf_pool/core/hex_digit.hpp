#pragma once

#include <string>
#include <string_view>

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

/// Appends a byte as two hexadecimal digits in lower case.
inline void append_hex(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

} // namespace caf_pool

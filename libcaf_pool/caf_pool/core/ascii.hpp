#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace caf_pool {

/// Tells whether a byte is one of ASCII's control characters, which would forge
/// lines and steer terminals. Those beyond ASCII take two bytes in UTF-8.
constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Tells whether a byte is one of ASCII's blanks, line ends included.
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Tells whether a text is a number in decimal digits, however long.
constexpr bool all_digits(std::string_view text) noexcept {
  return !text.empty()
         && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Returns the text with a question mark for each control character.
inline std::string without_controls(std::string_view text) {
  std::string result{text};
  std::replace_if(result.begin(), result.end(), is_control, '?');
  return result;
}

} // namespace caf_pool

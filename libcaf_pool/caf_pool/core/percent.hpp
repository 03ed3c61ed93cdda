#pragma once

#include "caf_pool/core/hex_digit.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace caf_pool {

/// Replaces each '%' and the two hexadecimal digits behind it by the byte that
/// they name, zero included (RFC 3986, 2.1). Reads the text once: "%2541" is
/// "%41". Returns nothing if a '%' lacks its digits.
inline std::optional<std::string> percent_decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    if (text.size() - i < 3)
      return std::nullopt;
    auto high = hex_digit(text[i + 1]);
    auto low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0)
      return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

} // namespace caf_pool

#pragma once

#include <cstddef>
#include <string_view>

namespace caf_pool {

/// Returns a letter of ASCII in lower case, and any other byte as it is.
constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Compares what somebody wrote with a word in lower case, as the server does:
/// in letters of either case.
constexpr bool is_word(std::string_view written,
                       std::string_view word) noexcept {
  if (written.size() != word.size())
    return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (to_lower(written[i]) != word[i])
      return false;
  return true;
}

} // namespace caf_pool

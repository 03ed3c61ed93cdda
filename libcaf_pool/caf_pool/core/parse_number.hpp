#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace caf_pool {

/// Reads a whole text as a number: digits, with a minus sign for types that
/// have one. Returns nothing for any other text, an empty one included, and for
/// what `T` cannot hold.
template <class T>
std::optional<T> parse_number(std::string_view text) noexcept {
  auto result = T{};
  auto* end = text.data() + text.size();
  auto [stop, problem] = std::from_chars(text.data(), end, result);
  if (problem != std::errc{} || stop != end)
    return std::nullopt;
  return result;
}

} // namespace caf_pool

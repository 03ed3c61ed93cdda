#pragma once

#include "caf_pool/settings/setting_text.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace caf_pool::detail {

/// Renders text as a TOML string: in quotes, with escapes.
std::string quote_toml(std::string_view text);

/// Renders the value of a setting as TOML: numbers and switches bare, the rest
/// in quotes.
template <class T>
std::string toml_value(const T& x) {
  if constexpr (std::is_arithmetic_v<T>)
    return to_setting_text(x);
  else
    return quote_toml(to_setting_text(x));
}

/// Breaks a sentence into lines of at most 80 columns that begin with `mark`.
std::string comment(std::string_view sentence, std::string_view mark = "#");

} // namespace caf_pool::detail

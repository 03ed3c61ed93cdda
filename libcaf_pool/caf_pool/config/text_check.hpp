#pragma once

#include "caf_pool/config/origin.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace caf_pool::detail {

/// Larger files are refused unread.
inline constexpr std::size_t max_config_bytes = std::size_t{1} << 20;

/// Tables in tables, by dots or by braces: deeper ones are refused.
inline constexpr std::size_t max_key_parts = 16;

/// Why a text was not even given to the parser, and where.
struct text_flaw {
  std::string message;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// Looks for what a TOML parser cannot be trusted with: too much text, broken
/// UTF-8, control characters, characters that TOML only knows inside quotes
/// and comments, and keys or values nested so deep that a recursive parser runs
/// out of stack. Reads the text once and allocates nothing.
std::optional<text_flaw> find_flaw(std::string_view text);

/// Tells whether a value from outside of files is valid UTF-8 without control
/// characters.
bool is_clean_text(std::string_view text) noexcept;

} // namespace caf_pool::detail

#pragma once

#include "caf_pool/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace caf_pool {

/// What a remote principal may do; each may do what those before it may.
enum class role : std::uint8_t {
  /// List pools; read snapshots, health and events.
  read = 1,
  /// Acquire and execute.
  use = 2,
  /// Pause, drain and otherwise control pools.
  operate = 3,
};

std::string_view to_string(role x) noexcept;
std::optional<role> role_from_string(std::string_view str) noexcept;

/// Larger token files are refused: in bytes.
inline constexpr std::size_t max_token_file_size = 1 << 20;

/// Shorter tokens are refused: in characters.
inline constexpr std::size_t min_token_length = 16;

/// One who may log in, as a token file says it. Points into the file's text.
struct token_line {
  std::string_view name;
  role may = role::read;
  /// The token, or 64 hexadecimal digits of its SHA-256.
  std::string_view token;
  bool hashed = false;
  /// From 1 on.
  std::uint32_t number = 0;
};

/// Reads the text of a token file, for nodes and for clients beside them. A
/// line each, in words with blanks between; `#` starts a comment:
///
/// ~~~
/// # name  role     token, or its hash
/// shop    use      5f0c...
/// ctl     operate  sha256:9b74c9897bac770ffc029102a200c5de...
/// ~~~
///
/// Returns `config_invalid` with all problems, each with `path` and line. No
/// text shows a token.
result<std::vector<token_line>> parse_token_lines(std::string_view text,
                                                  std::string_view path);

} // namespace caf_pool

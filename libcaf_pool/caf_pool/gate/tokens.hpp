#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/gate/sha256.hpp"
#include "caf_pool/protocol/token_lines.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// Who logged in.
struct principal {
  std::string name;
  role may = role::read;
  /// Its line in the file, from 1 on: principals share turns in a pool's queue
  /// by this number.
  std::uint32_t number = 0;

  friend bool operator==(const principal&, const principal&) = default;
};

/// The tokens that may log in at a node, by the lines of its token file.
///
/// Keeps hashes only. Thread-safety: like a plain value.
class token_table {
public:
  /// Returns `config_invalid` with all problems, each with file and line, or
  /// if there is no line. No text shows a token.
  static result<token_table> parse(std::string_view text,
                                   std::string_view path);

  /// Looks at all lines whatever the first ones say, and compares in constant
  /// time.
  std::optional<principal> check(std::string_view name,
                                 std::string_view token) const;

  /// As `check`, for a token of which only the hash is known.
  std::optional<principal> find(std::string_view name,
                                const sha256_digest& token) const;

  /// Says why a session that logged in with this may not go on; empty if it
  /// may. Always begins with "the token was withdrawn".
  std::string objection(const principal& who, const sha256_digest& token) const;

  std::size_t size() const noexcept {
    return entries_.size();
  }

private:
  struct entry {
    principal who;
    sha256_digest digest;
  };

  std::vector<entry> entries_;
};

/// Reads a token file. Refuses what others than its owner may change, and what
/// others than its owner and its group may read.
result<token_table> read_tokens(const std::string& path);

/// The same at start: if there is none, makes one with a fresh token of a
/// principal `local` that may do everything, readable by its owner only.
result<token_table> load_tokens(const std::string& path);

/// Returns 128 bits from the system's source of randomness, as 32 digits.
std::string random_token();

} // namespace caf_pool

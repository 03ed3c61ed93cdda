#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/sql_statement.hpp"

#include <libpq-fe.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace caf_pool {

/// The parameters of a statement in libpq's form: text for all but bytes,
/// types left to the server. Kept with the connection, so that a call
/// allocates nothing once the vectors have grown.
///
/// Thread-safety: none.
class pg_parameters {
public:
  /// Binds values, which must outlive their use. Returns `invalid_argument`
  /// for text with a zero byte, which PostgreSQL cannot hold.
  result<void> bind(std::span<const sql_value> values);

  int size() const noexcept {
    return static_cast<int>(values_.size());
  }

  const Oid* types() const noexcept {
    return types_.data();
  }

  const char* const* values() const noexcept {
    return values_.data();
  }

  const int* lengths() const noexcept {
    return lengths_.data();
  }

  const int* formats() const noexcept {
    return formats_.data();
  }

  /// Tells whether any are bytes, whose type we say.
  bool has_bytes() const noexcept;

  /// How large the texts and blobs are together, in bytes.
  std::uint64_t bytes() const noexcept {
    return bytes_;
  }

  /// What was bound.
  std::span<const sql_value> source() const noexcept {
    return source_;
  }

private:
  using digits = std::array<char, 32>;

  std::span<const sql_value> source_;
  std::uint64_t bytes_ = 0;
  std::vector<Oid> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<digits> numbers_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/sql_statement.hpp"

#include <libpq-fe.h>

#include <cstdint>
#include <string_view>

namespace caf_pool {

// Object ids of built-in types: pg_type.dat of PostgreSQL, fixed for ever.
inline constexpr Oid pg_bool = 16;
inline constexpr Oid pg_bytea = 17;
inline constexpr Oid pg_int8 = 20;
inline constexpr Oid pg_int2 = 21;
inline constexpr Oid pg_int4 = 23;
inline constexpr Oid pg_oid = 26;
inline constexpr Oid pg_float4 = 700;
inline constexpr Oid pg_float8 = 701;

/// How the text of a column becomes a cell.
enum class pg_cell_kind : std::uint8_t {
  boolean,
  whole,
  real,
  bytes,
  /// Everything without a type of its own in `sql_value`, e.g. numeric and
  /// timestamps, stays as the server writes it.
  text,
};

pg_cell_kind pg_kind_of(Oid type) noexcept;

/// Converts one cell that is not NULL. Text that does not convert, which no
/// server sends, stays text.
sql_value pg_cell(pg_cell_kind kind, std::string_view text);

/// Reads pairs of hexadecimal digits in lower case.
blob pg_from_hex(std::string_view digits);

} // namespace caf_pool

#pragma once

#include "caf_pool/core/sql_statement.hpp"

#include <libpq-fe.h>

#include <span>

namespace caf_pool {

/// Tells whether values may go through parameters of the types that a server
/// inferred when a statement was prepared, and mean the same even if the
/// columns have other types by now.
///
/// | value           | type                | why                             |
/// | --------------- | ------------------- | ------------------------------- |
/// | NULL            | any                 | is NULL everywhere              |
/// | integer, of 24  | int2, int4, int8,   | is the same number in each type |
/// | bits at most    | numeric             | of numbers; others refuse it    |
/// | bool            | bool                | "true" and "false" everywhere   |
/// | bytes           | bytea               | we say the type ourselves       |
///
/// Anything else may lose something on the way, or be compared in another way:
/// text with a column that is citext, char(n) or an enumeration by now, a large
/// integer with a float4, a date with a timestamp.
bool pg_keeps_meaning(std::span<const sql_value> values,
                      std::span<const Oid> types) noexcept;

/// Tells whether values may pass `pg_keeps_meaning` for any types at all.
bool pg_may_keep_meaning(std::span<const sql_value> values) noexcept;

/// Tells whether values may go through parameters whose types the text of the
/// statement says, such that no column has a part in them: all may, but for
/// bytes, which we send as bytea.
bool pg_takes(std::span<const sql_value> values,
              std::span<const Oid> types) noexcept;

} // namespace caf_pool

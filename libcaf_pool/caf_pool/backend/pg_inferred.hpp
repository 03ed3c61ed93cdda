#pragma once

#include "caf_pool/core/sql_statement.hpp"

#include <libpq-fe.h>

#include <span>

namespace caf_pool {

/// Tells whether values may go through parameters of the types that a server
/// inferred when a statement was prepared, and mean the same even if the
/// columns have other types by now.
///
/// | value   | type                 | why                                     |
/// | ------- | -------------------- | --------------------------------------- |
/// | NULL    | any                  | is NULL everywhere                      |
/// | integer | int2, int4, int8,    | its digits come out as they went in, or |
/// |         | numeric              | the server refuses them                 |
/// | text    | text, varchar, json  | is kept byte by byte                    |
/// | bool    | bool                 | "true" and "false" in each type         |
/// | bytes   | bytea                | we say the type ourselves               |
///
/// Anything else may lose something on the way: a date its time, a float4 its
/// digits, text its blanks or leading zeros.
bool pg_keeps_meaning(std::span<const sql_value> values,
                      std::span<const Oid> types) noexcept;

/// Tells whether values may go through parameters whose types the text of the
/// statement says, such that no column has a part in them: all may, but for
/// bytes, which we send as bytea.
bool pg_takes(std::span<const sql_value> values,
              std::span<const Oid> types) noexcept;

} // namespace caf_pool

#pragma once

#include <string_view>

namespace caf_pool {

/// Tells whether a bare word before a parenthesis is no function at all: IN,
/// VALUES, OVER, a type with a length, ...
bool pg_is_syntax(std::string_view word) noexcept;

/// Tells whether this is a function of PostgreSQL's own (or TimescaleDB's) that
/// changes neither data nor session: aggregates, mathematics, text, dates,
/// JSON, arrays.
bool pg_is_harmless(std::string_view function) noexcept;

/// Tells whether this function changes data but leaves no trace in the session.
bool pg_is_sequence_function(std::string_view function) noexcept;

} // namespace caf_pool

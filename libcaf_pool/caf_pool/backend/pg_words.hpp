#pragma once

#include <string>
#include <string_view>

namespace caf_pool {

/// Looks at the words of SQL without reading it. Strings, quoted names and
/// comments are looked at as if they were code, so that nothing can hide in
/// them, whatever the server's settings are. Every step moves on by a byte at
/// least.

/// Returns the first word in lower case, behind blanks, comments, parentheses
/// and semicolons. Empty if something else comes first.
std::string pg_first_word(std::string_view text);

/// Tells whether the text contains a word anywhere. `word` is in lower case.
bool pg_has_word(std::string_view text, std::string_view word);

/// Tells whether a text that begins with SELECT, VALUES, TABLE, WITH or SHOW
/// speaks of reading only: no word that writes, and no call but of functions
/// that everybody knows. For the sake of callers whose connection broke; what
/// views and operators call is not seen.
bool pg_seems_to_read(std::string_view text);

/// Tells whether a text that seems to read may run a relation, which may be a
/// view that calls anything. EXPLAIN does not run any.
bool pg_runs_relation(std::string_view text);

/// Tells whether a query names nothing at all: constants and parameters only,
/// e.g. "SELECT 1".
bool pg_names_nothing(std::string_view text);

/// Tells whether the text says the type of each parameter, e.g. "$1::int".
bool pg_casts_parameters(std::string_view text);

} // namespace caf_pool

#pragma once

#include <string>
#include <string_view>

namespace caf_pool {

/// Looks at the words of SQL without reading it. Quoted names, comments and
/// strings that the server's settings could end elsewhere are looked at as if
/// they were code, so that nothing can hide in them. Every step moves on by a
/// byte at least.

/// Returns the first word in lower case, behind blanks, comments, parentheses
/// and semicolons. Empty if something else comes first.
std::string pg_first_word(std::string_view text);

/// Tells whether the text contains a word anywhere. `word` is in lower case.
bool pg_has_word(std::string_view text, std::string_view word);

/// Tells whether a query names nothing at all: constants and parameters only,
/// e.g. "SELECT 1". Such a query runs nothing that users can define, neither
/// functions nor operators nor types.
bool pg_names_nothing(std::string_view text);

/// Tells whether the text says the type of each parameter, e.g. "$1::int".
bool pg_casts_parameters(std::string_view text);

} // namespace caf_pool

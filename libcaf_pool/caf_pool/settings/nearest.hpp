#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace caf_pool {

/// Counts the insertions, removals, replacements and swaps of neighbours that
/// turn `x` into `y` (optimal string alignment; Damerau, CACM 1964). Letter
/// case counts nothing, and '-' equals '_'.
std::size_t edit_distance(std::string_view x, std::string_view y);

/// Returns the candidate that somebody who wrote `word` most likely meant, or
/// nothing if none is near: an edit in three characters, at least one. The
/// first of equally near ones wins.
std::string_view nearest(std::string_view word,
                         std::span<const std::string_view> candidates);

/// Ends a sentence about an unknown word: `, did you mean "path"?`, or if
/// nothing is near `; known are mode, path`.
std::string hint_for(std::string_view word,
                     std::span<const std::string_view> candidates);

} // namespace caf_pool

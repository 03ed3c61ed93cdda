#pragma once

#include <string>
#include <string_view>

namespace caf_pool::ctl {

/// Makes a text of others safe to print: what a terminal would obey, what
/// changes the direction of text, what nobody can see, and bytes that are no
/// UTF-8 come out as escapes (`\n`, `\x1b`, `\u202e`, `\xff`). The result is
/// one line.
std::string visible(std::string_view text);

/// The same for a text of several lines: these stay, and all but the first are
/// indented, so that none of them looks like one of ours.
std::string visible_lines(std::string_view text);

/// The same for a document whose line breaks are ours, in the form that JSON
/// and TOML have for characters inside quotes (`\u202e`). Requires UTF-8.
std::string visible_document(std::string_view text);

/// Tells whether a text is UTF-8.
bool is_utf8(std::string_view text) noexcept;

} // namespace caf_pool::ctl

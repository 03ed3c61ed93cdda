#pragma once

#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/result.hpp"

#include <string_view>

namespace caf_pool::ctl {

/// Reads a command as people type it: words with blanks between. "double
/// quotes" keep blanks, and know \n, \r, \t, \\, \" and \xff; 'single quotes'
/// keep everything as it is.
///
/// Returns `invalid_argument` for a quote that does not end and for a text
/// without a word.
result<redis_command> parse_command(std::string_view text);

} // namespace caf_pool::ctl

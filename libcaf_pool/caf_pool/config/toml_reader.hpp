#pragma once

#include "caf_pool/config/layer.hpp"
#include "caf_pool/settings/validate.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::detail {

/// Adds every "key = value" of a TOML text to `out`, tables included, and what
/// is wrong with the text to `problems`. `name` is what problems and origins
/// call the file. Returns whether the text is TOML at all. Throws nothing but
/// std::bad_alloc, whatever the text is.
bool read_toml(std::string_view text, const std::string& name, layer& out,
               std::vector<config_problem>& problems);

} // namespace caf_pool::detail

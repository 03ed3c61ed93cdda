#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/config/layer.hpp"
#include "caf_pool/config/pool_draft.hpp"
#include "caf_pool/core/pool_config.hpp"

#include <map>
#include <string>
#include <string_view>

namespace caf_pool::detail {

/// Returns the text of every setting of a pool, by its key.
std::map<std::string_view, std::string> setting_texts(const pool_config& x);

/// Returns the settings that a kind of backend changes, by their keys.
std::map<std::string_view, std::string> changed_defaults(
  const backend_info& kind);

/// Makes a layer of what a kind of backend has instead of the general defaults.
/// It lies below the table of a pool and above [defaults], but leaves out what
/// somebody decided there: base.toml as it is shipped decides nothing.
layer kind_defaults(const backend_info& kind, const pool_draft& defaults,
                    const std::string& prefix);

} // namespace caf_pool::detail

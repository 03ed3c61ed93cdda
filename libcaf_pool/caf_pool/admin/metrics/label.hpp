#pragma once

#include <string>
#include <string_view>

namespace caf_pool {

/// Makes a text fit for the label of a metric: replaces bytes that are no UTF-8
/// and control characters, which would spoil all metrics or forge lines.
std::string clean_label(std::string_view str);

} // namespace caf_pool

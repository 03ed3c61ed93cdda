#pragma once

#include <string_view>

namespace caf_pool {

/// The header by which the admin server of a node names the address of the
/// node's gate, for clients that came to the wrong port.
inline constexpr std::string_view remote_header = "X-Caf-Pool-Remote";

} // namespace caf_pool

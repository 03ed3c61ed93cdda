#pragma once

#include "caf_pool/config/layer.hpp"
#include "caf_pool/settings/validate.hpp"

#include <string>
#include <vector>

namespace caf_pool::detail {

/// Makes the layer of "key=value" overrides, such as
/// "pools.main.max_size=20". Passwords are refused: everybody on the machine
/// may read a command line.
layer read_command_line(const std::vector<std::string>& overrides,
                        std::vector<config_problem>& problems);

} // namespace caf_pool::detail

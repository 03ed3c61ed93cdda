#pragma once

#include "caf_pool/config/environment.hpp"
#include "caf_pool/config/schema.hpp"
#include "caf_pool/settings/validate.hpp"

#include <vector>

namespace caf_pool::detail {

/// Warns about variables that look like settings and are none, because of an
/// underscore, of letter case or of a misspelling, and names the right ones.
/// Values are not shown.
std::vector<config_problem> stray_variables(const environment_map& variables,
                                            const schema& known);

} // namespace caf_pool::detail

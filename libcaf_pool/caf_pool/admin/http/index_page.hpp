#pragma once

#include "caf_pool/admin/http/routes.hpp"

#include <string_view>
#include <vector>

namespace caf_pool {

/// Makes the page at "/": what this is, and a link for each route.
admin_response index_page(std::string_view name, std::string_view version,
                          const std::vector<route_info>& routes);

} // namespace caf_pool

#pragma once

#include "caf_pool/admin/http/request.hpp"
#include "caf_pool/admin/overview.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// What answers are made from.
struct admin_facts {
  std::string name;
  std::string version;
  node_facts node;
  pool_overview pools;
  /// The configuration as JSON; see `admin_source`.
  std::function<std::string()> config;
};

/// One line of the index page.
struct route_info {
  std::string_view method;
  std::string_view path;
  std::string_view doc;
};

/// All routes, in the order of the index page. Those for GET answer HEAD, too.
std::vector<route_info> admin_routes();

/// Tells whether the answer needs to know the pools; what does not is answered
/// at once, whatever state they are in.
bool needs_pools(const admin_request& x);

/// Answers a request: 404 for paths that do not exist, 405 with `Allow` for
/// verbs that a path does not know, 500 if `config` throws. Never throws itself
/// but for lack of memory. The body of an answer to HEAD is there, but must not
/// be sent.
admin_response answer(const admin_request& x, const admin_facts& facts);

} // namespace caf_pool

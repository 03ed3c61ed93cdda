#pragma once

#include "caf_pool/admin/http/request.hpp"

#include <optional>
#include <string_view>

namespace caf_pool {

/// Tells whether the value of a Host header, e.g. "localhost:4780", names this
/// machine in a way that only this machine can mean. Any port will do, so that
/// forwarded ports work.
bool is_local_host(std::string_view host);

/// Refuses what a foreign web page makes a browser send: a Host that is no
/// loopback name (DNS rebinding), or an Origin other than this server itself
/// (requests across sites). Returns nothing if the request is fine.
std::optional<admin_response> refuse_stranger(const admin_request& x);

} // namespace caf_pool

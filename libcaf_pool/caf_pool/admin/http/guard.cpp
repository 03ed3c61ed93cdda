#include "caf_pool/admin/http/guard.hpp"

#include "caf_pool/settings/validate.hpp"

#include <algorithm>
#include <string>

namespace caf_pool {

namespace {

bool is_port(std::string_view str) {
  return !str.empty() && str.size() <= 5
         && std::all_of(str.begin(), str.end(),
                        [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower(std::string_view str) {
  std::string result{str};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

} // namespace

bool is_local_host(std::string_view host) {
  // The name of an IPv6 address has brackets, and colons inside of them.
  auto inside = host.starts_with('[');
  auto end = inside ? host.find(']') + 1 : host.find(':');
  auto name = host.substr(0, end);
  auto rest = host.substr(name.size());
  if (!rest.empty() && !(rest.front() == ':' && is_port(rest.substr(1))))
    return false;
  return inside ? name == "[::1]" : is_loopback(lower(name));
}

std::optional<admin_response> refuse_stranger(const admin_request& x) {
  if (x.hosts.size() != 1)
    return problem(400, x.hosts.empty()
                          ? "The request has no Host header."
                          : "The request has more than one Host header.");
  auto& host = x.hosts.front();
  if (!is_local_host(host))
    return problem(421,
                   "The Host header names another machine. This server "
                   "answers to localhost, 127.0.0.1 and [::1] only.");
  auto own = "http://" + lower(host);
  for (auto& origin : x.origins)
    if (lower(origin) != own)
      return problem(403,
                     "The Origin header names another site. This server "
                     "answers to its own pages only.");
  return std::nullopt;
}

} // namespace caf_pool

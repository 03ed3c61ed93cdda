#include "caf_pool/backend/redis_cluster/node_address.hpp"

#include "caf_pool/core/parse_number.hpp"

#include <algorithm>

namespace caf_pool::cluster {

namespace {

/// Longer than every name that can be looked up.
constexpr std::size_t longest_host = 255;

constexpr bool is_host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'
         || c == ':' || c == '%';
}

} // namespace

std::string to_string(const node_address& x) {
  auto six = x.host.find(':') != std::string::npos;
  return (six ? '[' + x.host + ']' : x.host) + ':' + std::to_string(x.port);
}

std::optional<std::string> host_from_node(std::string_view said,
                                          const std::string& asked) {
  if (said.empty())
    return asked;
  if (said.size() > 2 && said.front() == '[' && said.back() == ']')
    said = said.substr(1, said.size() - 2);
  if (said.size() > longest_host
      || !std::all_of(said.begin(), said.end(), is_host_character))
    return std::nullopt;
  return std::string{said};
}

std::optional<node_address> address_from_node(std::string_view said,
                                              const std::string& asked) {
  auto colon = said.rfind(':');
  if (colon == said.npos)
    return std::nullopt;
  auto port = parse_number<std::uint16_t>(said.substr(colon + 1));
  if (!port || *port == 0)
    return std::nullopt;
  auto host = host_from_node(said.substr(0, colon), asked);
  if (!host)
    return std::nullopt;
  return node_address{*std::move(host), *port};
}

} // namespace caf_pool::cluster

#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace caf_pool::cluster {

/// Where a node of a cluster is reached. The host is a name, or a numeric
/// address without brackets.
///
/// Thread-safety: a plain value.
struct node_address {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const node_address&, const node_address&) = default;
  friend auto operator<=>(const node_address&, const node_address&) = default;
};

/// Renders as "h1.local:7001" or "[::1]:7001".
std::string to_string(const node_address& x);

/// Decides whether an address that a server named may be connected to. An empty
/// one is of no opinion.
using address_check = std::function<bool(const node_address&)>;

/// Reads a host as a node names it: nothing stands for the host that was asked.
/// Returns nothing if the node does not know the host ("?"), and for what can
/// be neither a name nor an address.
std::optional<std::string> host_from_node(std::string_view said,
                                          const std::string& asked);

/// Reads a node's "host:port". The host is that of `host_from_node`; an IPv6
/// address may lack its brackets, as servers write it. Returns nothing if there
/// is no host or no port from 1 to 65535.
std::optional<node_address> address_from_node(std::string_view said,
                                              const std::string& asked);

} // namespace caf_pool::cluster

#pragma once

#include "caf_pool/backend/redis_cluster/node_address.hpp"
#include "caf_pool/backend/redis_cluster/slot_table.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::cluster {

/// What has to be known to read a node's view of its cluster.
struct slot_table_source {
  /// The node that was asked. Its host stands for hosts that are not said.
  node_address asked;
  /// The node's `cluster_current_epoch`, asked for in the same round trip.
  std::uint64_t epoch = 0;
  /// Which addresses may be connected to; all of them if it is empty.
  address_check trusted;
};

/// Makes a table of a reply to CLUSTER SLOTS, in the form of RESP2 or RESP3.
///
/// Leaves out nodes whose host is unknown ("?") or can be no host, whose port
/// is 0, or which are not trusted: slots of such a master have none then.
///
/// Returns `invalid_argument` for any other reply: slots that do not exist or
/// have two masters, and more than `slot_table::max_nodes` nodes.
///
/// Thread-safety: any thread, as all functions here.
result<slot_table> read_slot_table(const redis_value& reply,
                                   const slot_table_source& source);

/// Returns `cluster_current_epoch` from the text of CLUSTER INFO, if it is
/// there.
std::optional<std::uint64_t> read_epoch(std::string_view info) noexcept;

/// Appends the addresses of all nodes in a reply to CLUSTER NODES, those
/// without slots as well, but for nodes whose address is not known.
void read_members(const redis_value& reply, const std::string& asked_host,
                  std::vector<node_address>& to);

} // namespace caf_pool::cluster

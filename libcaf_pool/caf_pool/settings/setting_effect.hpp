#pragma once

#include <cstdint>
#include <string_view>

namespace caf_pool {

/// What it takes to bring a new value of a setting into force.
enum class change_effect : std::uint8_t {
  /// Nothing: it counts from the next decision on.
  live,
  /// Connections that were opened with the old value are replaced, one after
  /// the other; none is closed under its holder.
  recycle,
  /// The pool is drained, and another one takes its name.
  replace,
  /// The node has to be started again: a running node goes on with the old
  /// value.
  restart,
};

std::string_view to_string(change_effect x) noexcept;

/// Tells what a reload does about a key of a pool, without "pools.<name>.". A
/// backend may need more for keys that it copies: see `backend_info::reads`.
change_effect effect_of_pool_key(std::string_view key) noexcept;

/// Tells what a reload does about a key of the node ("remote.port").
change_effect effect_of_node_key(std::string_view key) noexcept;

} // namespace caf_pool

#pragma once

#include "caf_pool/core/time.hpp"

#include <cstdint>

namespace caf_pool {

/// What the outside world asks of a node.
enum class node_signal : std::uint8_t {
  /// Nothing came in time.
  none,
  /// SIGTERM or SIGINT.
  stop,
  /// SIGHUP.
  reload,
};

/// Blocks the signals that `wait_for_signal` takes, in this thread and all that
/// it starts, and ignores SIGPIPE, which drivers cause.
void block_signals();

/// Waits for one of them. Requires `block_signals`.
node_signal wait_for_signal(duration limit);

} // namespace caf_pool

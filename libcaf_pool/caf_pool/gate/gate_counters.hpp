#pragma once

#include <atomic>
#include <cstdint>

namespace caf_pool {

/// Counts what a gate and its sessions saw. Thread-safety: any thread.
struct gate_counters {
  std::atomic<std::uint64_t> logins{0};
  /// Wrong token, wrong version, too many clients.
  std::atomic<std::uint64_t> refused_logins{0};
  /// Messages of somebody who is not the session's client, messages that no
  /// client of ours sends, and attempts to end our actors.
  std::atomic<std::uint64_t> strangers{0};
  std::atomic<std::uint64_t> requests{0};
  /// Requests that came twice.
  std::atomic<std::uint64_t> duplicates{0};
  /// Releases and uses with a token that is not valid (any more).
  std::atomic<std::uint64_t> stale_tokens{0};
  /// Leases taken away from clients that went silent or died.
  std::atomic<std::uint64_t> leases_revoked{0};
  std::atomic<std::uint64_t> gate_restarts{0};
  /// Connections that the door closed at once: too many, or no descriptors.
  std::atomic<std::uint64_t> turned_away{0};
  /// Connections of peers that did not log in in time.
  std::atomic<std::uint64_t> silent_peers{0};
};

} // namespace caf_pool

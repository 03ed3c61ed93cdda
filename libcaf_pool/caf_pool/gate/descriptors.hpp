#pragma once

#include "caf_pool/core/node_config.hpp"
#include "caf_pool/log/logger.hpp"

#include <cstdint>

/// How a node shares the file descriptors that it may have.
namespace caf_pool::descriptors {

/// For files, timers and threads of the process itself.
inline constexpr std::uint64_t own_use = 64;

/// Raises the soft limit of open files to the hard one: programs that call
/// select() need a low one, and none does here.
void raise_limit() noexcept;

/// Returns how many descriptors the process may have open.
std::uint64_t limit() noexcept;

/// Connections that each port may have at a time.
struct shares {
  std::uint32_t remote = 0;
  std::uint32_t admin = 0;

  friend bool operator==(const shares&, const shares&) = default;
};

/// Divides `limit`: first the node's own use and twice the connections of all
/// pools, because one may be opened or cancelled while another is used; of the
/// rest the admin server gets what it wants up to a third, the remote port what
/// is left. Each gets a few in any case.
shares divide(std::uint64_t limit, std::uint64_t pool_connections,
              shares wanted) noexcept;

/// Divides the limit of this process as a node's settings wish; tells the log
/// if there are too few.
shares divide_among(const node_config& x, logger& log);

} // namespace caf_pool::descriptors

#pragma once

#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/time.hpp"

#include <optional>

namespace caf_pool {

/// Returns how long the server waits on behalf of a command that blocks; zero
/// for one that waits for ever. None if that cannot be read, which the server
/// will refuse, or if the command does not block.
///
/// Thread-safety: any thread.
std::optional<duration> redis_waiting_time(const redis_command& command,
                                           const redis_command_facts* facts);

/// As above.
std::optional<duration> redis_waiting_time(const redis_command& command);

} // namespace caf_pool

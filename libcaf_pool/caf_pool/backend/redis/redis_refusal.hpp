#pragma once

#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/core/error.hpp"
#include "caf_pool/core/redis_command.hpp"

#include <cstdint>
#include <optional>

namespace caf_pool {

/// How a command goes to the server.
enum class redis_place : std::uint8_t {
  /// By itself, over a connection of the pool.
  single,
  /// Among others in one round trip.
  pipeline,
  /// Between MULTI and EXEC.
  transaction,
};

/// Returns why a connection of a pool does not take a command, and what to use
/// instead; none if it does. `facts` is what `find_redis_command` returned.
///
/// | command                                       | alone | pipe | MULTI |
/// | --------------------------------------------- | ----- | ---- | ----- |
/// | SUBSCRIBE and its like, MONITOR               | no    | no   | no    |
/// | PSYNC, SYNC, REPLCONF                         | no    | no   | no    |
/// | CLIENT REPLY, QUIT, SCRIPT DEBUG              | no    | no   | no    |
/// | what blocks: BLPOP, WAIT, XREAD with BLOCK    | no    | no   | no    |
/// | HELLO, AUTH, SELECT, RESET                    | yes   | no   | no    |
/// | MULTI, EXEC, DISCARD, WATCH, UNWATCH          | yes   | yes  | no    |
/// | all others, unknown ones too                  | yes   | yes  | yes   |
///
/// A pool for blocking commands (`for_blocking`) takes what blocks, alone, and
/// no command that changes the session: what begins with HELLO or MULTI here.
///
/// The error is `not_supported` for a command by itself, `invalid_argument`
/// for one among others and for one without a name.
///
/// Thread-safety: any thread.
std::optional<error> redis_refusal(const redis_command& command,
                                   const redis_command_facts* facts,
                                   redis_place place,
                                   bool for_blocking = false);

/// Tells how commands go.
redis_place redis_place_of(const redis_commands& what) noexcept;

/// The work is no command at all, but SQL or somebody's own.
error no_redis_work();

/// There is no command in the work.
error no_redis_command();

/// A command that may write, on a lease for reading.
error redis_not_a_read(const redis_command& command);

} // namespace caf_pool

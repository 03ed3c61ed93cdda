#pragma once

#include "caf_pool/backend/redis/redis_channel.hpp"
#include "caf_pool/core/error.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/time.hpp"

#include <span>
#include <string>

// What to say when replies are missing. A server may have carried out what was
// sent and not answered: closing the connection takes nothing back.
namespace caf_pool {

/// Tells whether the server may get the commands twice.
bool is_harmless(std::span<const redis_command> commands);

/// Tells whether commands that stand for themselves and failed like that may be
/// tried once more: a loss that may have had an effect is `outcome_unknown`.
bool may_repeat(std::span<const redis_command> commands, errc why);

/// Returns the error of a command whose reply did not come: `outcome_unknown`
/// if it was sent and may have changed something, else `connection_lost` or
/// `execute_timeout`, which say that nothing took effect that matters.
error redis_loss(const redis_command& what, bool sent, const redis_exchange& x,
                 duration took);

/// As above for a command that is not at hand any more: `harmless` tells
/// whether it may be sent again.
error redis_loss(const std::string& name, bool harmless,
                 const redis_exchange& x, duration took);

/// The same for a transaction, whose EXEC is sent behind the commands.
error redis_transaction_loss(std::span<const redis_command> commands,
                             const redis_exchange& x, duration took);

/// A key that the transaction watched was changed by somebody else.
error redis_conflict();

} // namespace caf_pool

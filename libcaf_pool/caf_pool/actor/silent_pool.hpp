#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/pool_snapshot.hpp"

#include <string>

/// What is said of pools that do not speak for themselves. Pure functions.
namespace caf_pool {

/// Why a pool is over. `why` is what its supervisor ended with; `none` if the
/// pool was drained.
std::string end_of_pool(const error& why, bool node_drains);

/// The same of one that could not even be made.
std::string cannot_be_made(const error& why);

/// What callers get instead of a pool that is over (`closed`).
error pool_is_over(const std::string& name, const std::string& reason);

/// What is shown of a pool whose actor does not answer: it is down. What it
/// counted (`known` is what it said last) does not go back to zero.
pool_snapshot snapshot_of_silence(const pool_config& config,
                                  pool_snapshot known);

/// The same of a pool that is over: it holds nothing any more.
pool_snapshot snapshot_of_end(const pool_config& config, pool_snapshot known,
                              pool_status status, std::string reason);

} // namespace caf_pool

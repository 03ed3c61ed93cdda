#pragma once

#include "caf_pool/backend/redis_cluster/command_facts.hpp"

namespace caf_pool::test {

/// Knows a few commands: GET, SET, INCR, MGET, MSET,
/// DEL, PING; all others are unknown.
cluster::command_facts known_commands();

} // namespace caf_pool::test

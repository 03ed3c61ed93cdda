#pragma once

#include "caf_pool/backend/redis_cluster/command_facts.hpp"
#include "caf_pool/backend/redis_cluster/redirect.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace caf_pool::cluster {

/// What becomes of those commands of a batch that a node refused. Commands are
/// named by their numbers in the batch.
struct resending {
  /// Commands that go to one place, in their order, in one batch.
  struct group {
    redirect::kind why = redirect::kind::none;
    /// Of `moved` and `ask`. Without one the table has to say where.
    std::optional<node_address> target;
    std::vector<std::uint32_t> commands;
  };

  /// Of each kind and target one. They may be sent at the same time.
  std::vector<group> groups;
  /// Have to wait until the groups were answered: an earlier command that
  /// shares a key goes elsewhere, or later.
  std::vector<std::uint32_t> held;
  /// Must not be sent again: a later command that shares a key was executed.
  std::vector<std::uint32_t> given_up;
  /// What the node said by MOVED, for each slot once, in the slots' order.
  std::vector<redirect> moved;
};

/// Plans how commands that a node refused are sent again without reversing the
/// order of any two that share a key, if one of them writes:
///
/// - A refused command is sent again only if no such later one was executed. A
///   command that got no reply may have been.
/// - Refused commands that share a key are sent in one batch, or one after the
///   other.
///
/// MOVED and ASK count only if they name the slot of the command's own keys;
/// anything else is what a script says. `replies` are those to `commands` of
/// the node `from`; a missing one was not received.
///
/// Thread-safety: any thread.
resending plan_of_resending(std::span<const redis_command> commands,
                            std::span<const result<redis_value>> replies,
                            const node_address& from,
                            const command_facts& facts);

} // namespace caf_pool::cluster

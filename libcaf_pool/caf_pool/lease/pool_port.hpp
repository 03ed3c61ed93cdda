#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/front/slot_table.hpp"
#include "caf_pool/front/wait_node.hpp"
#include "caf_pool/machine/pool_facts.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace caf_pool {

/// A pool as callers in the process see it: the front, and a way to queue when
/// the front has nothing. Free of actors, so that public headers are, too.
///
/// Thread-safety: all members from any thread.
class pool_port {
public:
  virtual ~pool_port() = default;

  /// Asks the pool's actor for a connection for `who`. Fails the granter with
  /// `errc::restarted` if the actor dies meanwhile: ask again.
  virtual void queue(acquire_input wish, granter answer, const holder& who = {})
    = 0;

  /// Withdraws a wish.
  virtual void withdraw(ticket caller) = 0;

  /// Returns a ticket that was never used before.
  virtual ticket next_ticket() noexcept = 0;

  /// Lends what is idle. Never null.
  virtual slot_table& front() noexcept = 0;
};

} // namespace caf_pool

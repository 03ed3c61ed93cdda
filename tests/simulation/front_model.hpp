#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/machine/pool_facts.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace caf_pool::simulation {

/// The front as the machine's orders see it: the same states and rules as
/// `slot_table`, one step at a time.
class front_model {
public:
  enum class slot_state : std::uint8_t {
    /// The actor's.
    empty,
    offered,
    taken,
    /// On its way to the actor.
    returned,
    /// Taken, but its holder was fenced off.
    revoked,
  };

  enum class outcome : std::uint8_t { lent_again, to_actor, stale };

  struct slot {
    slot_state state = slot_state::empty;
    /// Counts the holdings.
    std::uint64_t uses = 0;
    bool recall = false;
    /// How it was given back, while returned.
    lease_end left;
    std::uint32_t holder = 0;
    time_point since{};
  };

  // -- the actor's side -------------------------------------------------------

  /// Returns false unless the slot was empty.
  bool offer(connection_id id);

  /// Returns whether the connection was free and is the actor's now; otherwise
  /// its release will come to the actor.
  bool withdraw(connection_id id);

  std::optional<connection_id> withdraw_any();

  bool revoke(connection_id id, std::uint64_t generation);

  std::optional<lease_end> collect(connection_id id);

  /// The connection is being closed: nobody gets it any more.
  void unbind(connection_id id);

  void set_shut(bool shut) {
    shut_ = shut;
  }

  bool shut() const noexcept {
    return shut_;
  }

  // -- the callers' side ------------------------------------------------------

  std::optional<connection_id> try_take(std::uint32_t holder, time_point now);

  outcome give_back(connection_id id, std::uint64_t generation,
                    const lease_end& how);

  bool holds(connection_id id, std::uint64_t generation) const;

  /// The actor, who took it for somebody, puts it aside.
  void put_aside(connection_id id);

  // -- looking at it ----------------------------------------------------------

  std::uint64_t uses(connection_id id) const;

  const std::map<connection_id, slot>& slots() const noexcept {
    return slots_;
  }

  std::vector<front_view> look() const;

private:
  std::map<connection_id, slot> slots_;
  bool shut_ = false;
};

} // namespace caf_pool::simulation

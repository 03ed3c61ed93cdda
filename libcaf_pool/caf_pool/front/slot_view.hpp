#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/front/holder.hpp"
#include "caf_pool/front/loan.hpp"
#include "caf_pool/front/slot_word.hpp"

#include <cstdint>

namespace caf_pool {

/// What `slot_lender::give_back` did.
enum class handed_back : std::uint8_t {
  /// The next caller may take it already.
  lent_again,
  /// It waits for the pool's actor, who was told.
  to_actor,
  /// The holder had been fenced off, or had given it back before.
  stale,
  /// The table was closed meanwhile.
  orphaned,
};

/// What `slot_table::recall` did.
enum class recalled : std::uint8_t {
  /// It was free and is the actor's now.
  withdrawn,
  /// It is taken; its release will go to the actor.
  awaited,
  /// It is empty, returned or revoked: the actor's already, or bound to be.
  nothing,
};

/// What a look at a slot shows.
struct slot_view {
  slot_index slot = 0;
  slot_state state = slot_state::empty;
  /// The release of a taken slot will go to the actor.
  bool recall = false;
  connection_id connection;
  /// The present or last holding. Grows by one with each use, so that two looks
  /// at the same connection tell how often it was used in between.
  std::uint64_t generation = 0;
  /// Who holds it; nobody unless taken or revoked, nor for the few nanoseconds
  /// in which a new holder writes its name.
  holder who;
  /// Begin of the holding by the coarse clock; only with `who`.
  time_point since{};

  friend bool operator==(const slot_view&, const slot_view&) = default;
};

/// What the actor collects from a returned slot.
struct slot_return {
  connection_id connection;
  std::uint64_t generation = 0;
  condition left = condition::clean;
  /// The holder had been fenced off before it let go.
  bool fenced = false;

  friend bool operator==(const slot_return&, const slot_return&) = default;
};

} // namespace caf_pool

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace caf_pool::test {

/// What happens in a model run beside callers that take and give back.
struct scenario {
  std::uint8_t callers = 2;
  std::uint8_t slots = 1;
  /// How often each caller takes a connection.
  std::uint8_t rounds = 1;
  /// At any moment, once: the actor wants slot 0 for itself for a while.
  bool recall = false;
  /// At any moment, once: the actor fences the holder of slot 0 off.
  bool revoke = false;
  /// At any moment, once: the actor dies, a successor takes over.
  bool restart = false;
  /// At any moment: the pool is closed.
  bool close = false;
  /// Each caller gives back twice.
  bool release_twice = false;
};

/// Deliberate faults, each of which the exploration must find.
enum class fault : std::uint8_t {
  none,
  /// A holder does not look at the gate after it offered.
  no_second_look,
  /// The actor withdraws first and shuts then; what a processor would do that
  /// may delay the store to the gate.
  withdraw_before_shut,
  /// The actor shuts, but does not look for offered slots.
  no_withdraw,
  /// A holder does not tell the actor.
  no_notice,
  /// A caller takes by a plain store.
  blind_take,
  /// A holder gives back by a plain store.
  blind_release,
  /// The generation stays the same from holding to holding.
  same_generation,
  /// A successor scans for returned slots before it takes the sink over.
  scan_before_sink,
  /// Closing marks a holder before it counts it.
  mark_before_count,
  /// Closing does not mark those who are fenced off.
  forget_fenced,
};

/// What an exploration found.
struct finding {
  std::size_t worlds = 0;
  /// Empty if every world is sound.
  std::string violation;
  /// The shortest way to the violation.
  std::vector<std::string> steps;
};

/// Explores every interleaving of the atomic steps of callers and actor, with
/// the rules of `slot_rules` for the slots' words.
///
/// Sound means: a connection has one holder at most, and none while it is the
/// actor's; when nothing moves any more, every caller was served, every
/// connection is offered again and the front is open. After `close`: what was
/// to be kept alive is dropped once, and not before the last holder let go.
finding explore(const scenario& what, fault deliberate = fault::none);

} // namespace caf_pool::test

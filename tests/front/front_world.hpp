#pragma once

#include "front/front_model.hpp"
#include "front/small_parts.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace caf_pool::test {

inline constexpr std::size_t max_callers = 3;
inline constexpr std::size_t max_slots = 2;

/// The step that a caller does next.
enum class caller_step : std::uint8_t {
  look_at_gate,
  look_at_word,
  take,
  ask,
  wait,
  use,
  look_before_release,
  release,
  look_again,
  pull_back,
  find_sink,
  tell,
  drop_orphan,
  done,
};

/// The step that the actor does next.
enum class actor_step : std::uint8_t {
  next_message,
  collect,
  serve,
  shut,
  withdraw,
  take_over,
  scan,
  count,
  mark,
  drop,
  ended,
};

struct caller_state {
  caller_step next = caller_step::look_at_gate;
  std::uint8_t rounds = 0;
  std::uint8_t slot = 0;
  std::uint8_t generation = 0;
  /// What it read last.
  small_word word{};
  std::uint8_t gate = 0;
  std::uint8_t sink = 0;
  /// It gives back for the second time.
  std::uint8_t again = 0;

  /// It may be in the middle of a statement.
  bool uses_connection() const {
    return again == 0
           && (next == caller_step::use
               || next == caller_step::look_before_release
               || next == caller_step::release);
  }
};

/// A message to the actor: a caller's number, or a slot with this bit.
inline constexpr std::uint8_t released_bit = 0x80;

struct actor_state {
  actor_step next = actor_step::serve;
  std::uint8_t slot = 0;
  std::uint8_t shut = 0;
  small_queue waiting;
  small_queue inbox;
  /// Counts the lives of the actor; a sink leads to one of them.
  std::uint8_t life = 0;
  /// Slots in its hands, as bits: to be lent, and busy elsewhere.
  std::uint8_t idle = 0;
  std::uint8_t busy = 0;
  /// What may still happen.
  std::uint8_t recalls = 0;
  std::uint8_t revokes = 0;
  std::uint8_t restarts = 0;
  std::uint8_t closes = 0;
};

/// Everything at one moment. Bytes without gaps, so that worlds can be compared
/// and hashed as they are.
struct world {
  std::uint8_t gate = 0;
  std::array<small_word, max_slots> words;
  std::array<caller_state, max_callers> callers;
  actor_state actor;
  std::uint8_t sink = 0;
  std::uint8_t users = 0;
  std::uint8_t dropped = 0;

  front_gate look() const {
    return static_cast<front_gate>(gate);
  }

  void set(front_gate x) {
    gate = static_cast<std::uint8_t>(x);
  }
};

static_assert(std::has_unique_object_representations_v<world>);

/// Does the next step of a caller. Returns its name, or nullptr if it waits.
const char* step(world& w, std::size_t caller, const scenario& what,
                 fault deliberate);

/// Does the next step of the actor, choosing the `choice`-th way to go on.
/// Returns its name, "" if that way is not open, or nullptr behind the last.
const char* step_actor(world& w, int choice, const scenario& what,
                       fault deliberate);

} // namespace caf_pool::test

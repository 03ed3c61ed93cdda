#pragma once

#include "caf_pool/front/slot_word.hpp"

#include <cstdint>
#include <optional>

namespace caf_pool {

/// Whether the front lends.
enum class front_gate : std::uint32_t {
  open,
  /// Somebody waits in the queue.
  shut,
  closed,
};

/// Which word follows which, as pure functions: `slot_table` stores what they
/// say by compare-and-swap, and the interleaving test explores the very same
/// rules. Nothing means that the word stays as it is.
namespace slot_rules {

using next_word = std::optional<slot_word>;

/// The actor lets anybody take the connection.
constexpr next_word offer(slot_word now) noexcept {
  if (now.state() != slot_state::empty)
    return {};
  return now.offer();
}

/// Anybody wants the connection.
constexpr next_word take(slot_word now) noexcept {
  if (now.state() != slot_state::offered)
    return {};
  return now.take();
}

/// The holder of `generation` lets go. Nothing: it held no longer.
constexpr next_word release(slot_word now, std::uint64_t generation,
                            condition how, front_gate gate) noexcept {
  if (!now.held_by(generation))
    return {};
  if (gate == front_gate::closed || now.has(slot_word::orphan))
    return now.clear();
  if (gate == front_gate::shut || how != condition::clean
      || now.has(slot_word::recall) || now.state() == slot_state::revoked)
    return now.come_back(how);
  return now.offer();
}

/// The holder offered the slot and saw then that the front is shut. Nothing:
/// somebody else has it already.
constexpr next_word pull_back(slot_word now,
                              std::uint64_t generation) noexcept {
  if (now != slot_word{slot_state::offered, generation})
    return {};
  return now.come_back(condition::clean);
}

/// The actor wants a free connection back.
constexpr next_word withdraw(slot_word now) noexcept {
  if (now.state() != slot_state::offered)
    return {};
  return now.clear();
}

/// The actor wants the connection, now or at its release.
constexpr next_word recall(slot_word now) noexcept {
  if (now.state() == slot_state::taken)
    return now.with(slot_word::recall);
  return withdraw(now);
}

/// The actor fences the holder of `generation` off.
constexpr next_word revoke(slot_word now, std::uint64_t generation) noexcept {
  if (now.state() != slot_state::taken || now.generation() != generation)
    return {};
  return now.revoke();
}

/// The actor takes note of a return.
constexpr next_word collect(slot_word now) noexcept {
  if (now.state() != slot_state::returned)
    return {};
  return now.clear();
}

/// The pool ends.
constexpr next_word close(slot_word now) noexcept {
  if (now.state() == slot_state::taken || now.state() == slot_state::revoked)
    return now.with(slot_word::orphan);
  return withdraw(now);
}

} // namespace slot_rules

} // namespace caf_pool

#pragma once

#include <cstdint>

namespace caf_pool {

/// What a slot of the front is doing. See `slot_table` for the diagram.
enum class slot_state : std::uint8_t {
  /// In the hands of the pool's actor, bound to a connection or not.
  empty,
  /// Anybody may take it.
  offered,
  /// Somebody holds it.
  taken,
  /// Given back to the pool's actor, who has not collected it yet.
  returned,
  /// Its holder was fenced off, but has not let go yet.
  revoked,
};

/// What the holder says about the connection that it gives back.
enum class condition : std::uint8_t {
  /// No traces: may be lent again at once.
  clean,
  /// To be reset first.
  dirty,
  /// Not to be used again.
  broken,
};

/// State, marks and generation of a slot in one word, so that a single
/// compare-and-swap checks and changes all of them. The generation counts the
/// holdings of the slot and never goes down, so a late release cannot be taken
/// for the next holder's.
///
/// Thread-safety: a plain value.
class slot_word {
public:
  /// Marks of a taken or revoked slot, but for the last.
  enum mark : std::uint64_t {
    /// The release must go to the actor.
    recall = 0x08,
    /// The table was closed; nobody waits for the release.
    orphan = 0x10,
    /// Of a returned slot: the holder had been fenced off.
    fenced = 0x80,
  };

  constexpr slot_word() = default;

  constexpr explicit slot_word(std::uint64_t bits) noexcept : bits_(bits) {
    // nop
  }

  constexpr slot_word(slot_state state, std::uint64_t generation,
                      std::uint64_t marks = 0) noexcept
    : bits_(generation << 8 | marks | static_cast<std::uint64_t>(state)) {
    // nop
  }

  constexpr std::uint64_t bits() const noexcept {
    return bits_;
  }

  constexpr slot_state state() const noexcept {
    return static_cast<slot_state>(bits_ & 0x07);
  }

  constexpr bool has(mark x) const noexcept {
    return (bits_ & x) != 0;
  }

  /// How the holder left the connection; of a returned slot.
  constexpr condition left() const noexcept {
    return static_cast<condition>(bits_ >> 5 & 0x03);
  }

  constexpr std::uint64_t generation() const noexcept {
    return bits_ >> 8;
  }

  /// Tells whether the holder of `generation` has not let go yet.
  constexpr bool held_by(std::uint64_t generation) const noexcept {
    return this->generation() == generation
           && (state() == slot_state::taken || state() == slot_state::revoked);
  }

  // -- successors; each requires the state that its comment names -------------

  /// empty or offered: the next holding begins.
  constexpr slot_word take() const noexcept {
    return {slot_state::taken, generation() + 1};
  }

  /// taken or empty: may be taken by anybody.
  constexpr slot_word offer() const noexcept {
    return {slot_state::offered, generation()};
  }

  /// offered, returned, or an orphan: the actor's.
  constexpr slot_word clear() const noexcept {
    return {slot_state::empty, generation()};
  }

  /// offered, taken or revoked: on the way to the actor.
  constexpr slot_word come_back(condition how) const noexcept {
    auto marks = static_cast<std::uint64_t>(how) << 5;
    if (state() == slot_state::revoked)
      marks |= fenced;
    return {slot_state::returned, generation(), marks};
  }

  /// taken: the holder is fenced off.
  constexpr slot_word revoke() const noexcept {
    return {slot_state::revoked, generation()};
  }

  /// taken or revoked: with one more mark.
  constexpr slot_word with(mark x) const noexcept {
    return slot_word{bits_ | x};
  }

  friend constexpr bool operator==(slot_word, slot_word) = default;

private:
  std::uint64_t bits_ = 0;
};

} // namespace caf_pool

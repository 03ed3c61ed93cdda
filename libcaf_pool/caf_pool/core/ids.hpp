#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace caf_pool {

/// A 64-bit identity that cannot be mixed up with another kind of identity.
/// Zero means "none". Identities are never reused.
template <class Tag>
struct strong_id {
  std::uint64_t value = 0;

  constexpr explicit operator bool() const noexcept {
    return value != 0;
  }

  friend constexpr auto operator<=>(strong_id, strong_id) = default;
};

template <class Tag>
std::string to_string(strong_id<Tag> x) {
  return std::to_string(x.value);
}

/// A connection of one pool, from the order to open it until it is closed.
using connection_id = strong_id<struct connection_tag>;

/// One caller's wish for a connection, from acquire to grant or rejection.
using ticket = strong_id<struct ticket_tag>;

/// Counts the lives of a pool: each restart of its actor begins a new epoch.
using pool_epoch = strong_id<struct epoch_tag>;

/// A fencing token: names one holding of one connection. A release or a use
/// that carries an outdated lease id is refused, never applied to the next
/// holder.
struct lease_id {
  pool_epoch epoch;
  connection_id connection;
  std::uint64_t generation = 0;

  /// Names a holding of a connection that was taken from the front. The front
  /// counts by itself, so that its generations are marked.
  static constexpr lease_id in_front(pool_epoch epoch, connection_id connection,
                                     std::uint64_t slot_generation) noexcept {
    return {epoch, connection, slot_generation | front_mark};
  }

  constexpr bool from_front() const noexcept {
    return (generation & front_mark) != 0;
  }

  /// The front's own count; only for leases that came from there.
  constexpr std::uint64_t slot_generation() const noexcept {
    return generation & ~front_mark;
  }

  constexpr explicit operator bool() const noexcept {
    return static_cast<bool>(connection);
  }

  friend constexpr auto operator<=>(const lease_id&, const lease_id&) = default;

private:
  static constexpr std::uint64_t front_mark = std::uint64_t{1} << 63;
};

/// Renders as "epoch.connection.generation", with an "f" before generations
/// that the front counts.
inline std::string to_string(const lease_id& x) {
  return to_string(x.epoch) + '.' + to_string(x.connection) + '.'
         + (x.from_front() ? "f" : "") + std::to_string(x.slot_generation());
}

} // namespace caf_pool

template <class Tag>
struct std::hash<caf_pool::strong_id<Tag>> {
  std::size_t operator()(caf_pool::strong_id<Tag> x) const noexcept {
    return std::hash<std::uint64_t>{}(x.value);
  }
};

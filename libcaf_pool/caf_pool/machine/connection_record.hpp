#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/machine/policy/circuit_breaker.hpp"
#include "caf_pool/machine/policy/lifetime.hpp"

#include <cstdint>
#include <optional>

namespace caf_pool {

/// What a connection is doing.
///
/// ~~~
///   opening --> idle <--> offered
///                |  \        |  (taken and given back without a message)
///        grant   |   +-------+--> resetting --> idle
///                v           |
///              leased -------+--> probing  ---> idle
///                |
///                | holder is gone, statement runs
///                v
///           quarantined --> resetting
///
///   every state --> closing --> gone
/// ~~~
enum class connection_state : std::uint8_t {
  /// A worker is opening it. Counts against the maximum.
  opening,
  /// Free, and in the machine's hands.
  idle,
  /// In the front: free or taken, only the front knows.
  offered,
  /// Granted by the machine.
  leased,
  /// A worker removes the last holder's traces.
  resetting,
  /// A worker asks the server whether it lives.
  probing,
  /// A worker ends it. Counts against the maximum until confirmed.
  closing,
  /// Its holder is gone, but something still runs on it.
  quarantined,
};

inline constexpr std::size_t connection_states = 8;

/// Everything that the machine knows about one connection.
struct connection_record {
  connection_state state = connection_state::opening;
  connection_age age;
  /// Increments with each grant; part of the lease id.
  std::uint64_t lease_generation = 0;
  /// The current lease, while `leased`.
  lease_id lease;
  /// It did something right since it was opened.
  bool worked = false;
  /// It is being opened because a look found the server, whatever backoff and
  /// breaker say.
  bool early = false;
  /// It is closing because its opening was given up, which goes on.
  bool given_up = false;
  /// Leave of the breaker for the opening or probe under way.
  std::optional<circuit_breaker::permit> permit;
  /// Start of the current state.
  time_point since{};
  /// A worker must have answered by then; `never` if none works on it.
  time_point overdue_at = never;

  // -- while offered ----------------------------------------------------------

  /// Uses in the front since it was opened, as of the last look.
  std::uint64_t front_uses = 0;
  /// The last look found it taken.
  bool front_taken = false;
  /// When the front was last looked at, or the connection offered.
  time_point seen_at{};
  /// The front was told to give it back.
  bool recalled = false;
  /// The health check waits for it to come back.
  bool probe_when_back = false;
  /// It is to end if nobody used it until it is back.
  bool retire_when_back = false;

  /// The probe under way serves a waiter, not the health check.
  bool probe_for_waiter = false;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/error.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/core/trace.hpp"

#include <cstdint>
#include <string>

namespace caf_pool {

/// A caller's wish for a connection: as it came, whenever the pool tries again.
struct acquire_input {
  /// Chosen by the shell; never reused.
  ticket caller;
  call_options how;
};

/// How a holding ended.
struct lease_end {
  trace left = trace::clean;
  /// Set if the server failed the holder; not for the holder's own mistakes.
  error why;
  /// The connection was never used: its idle clock goes on.
  bool unused = false;
  /// Uses in the front since the connection was opened, this one included;
  /// zero if it was never in the front.
  std::uint64_t front_uses = 0;
};

/// A holding that began in the front and goes on as a lease of the machine.
struct lease_claim {
  /// As its holder knows it.
  lease_id lease;
  /// Holder for people.
  std::string holder;
  time_point since{};
  /// Uses in the front since the connection was opened, this one included.
  std::uint64_t front_uses = 0;
};

/// One slot of the front, as the actor saw it.
struct front_view {
  connection_id connection;
  /// Somebody holds it, or its return was not collected yet.
  bool taken = false;
  /// Uses since the connection was opened.
  std::uint64_t uses = 0;
  /// Distinguishes holdings of the same slot.
  std::uint64_t generation = 0;
  /// Coarse; valid while taken.
  time_point since{};
  /// For people; valid while taken.
  std::string holder;
};

} // namespace caf_pool

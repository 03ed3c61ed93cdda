#pragma once

#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/machine/policy/call_window.hpp"

#include <cstdint>

namespace caf_pool {

/// What a circuit breaker remembers across a restart of the pool's actor.
/// Permits in flight are forgotten: their results will be late.
struct breaker_memory {
  breaker_state state = breaker_state::closed;
  /// Counts changes of state and restarts.
  std::uint64_t epoch = 1;
  time_point open_until{};
  /// Openings in a row without closing between them.
  std::uint32_t openings = 0;
  std::uint32_t failures_in_row = 0;
  /// It opened because calls were slow; the server is there.
  bool slow = false;
  std::uint64_t late_results = 0;
  call_window window;
};

} // namespace caf_pool

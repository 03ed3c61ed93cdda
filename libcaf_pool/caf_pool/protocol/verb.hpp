#pragma once

#include <cstdint>

namespace caf_pool::wire {

/// What an operator can do. The values travel between processes.
enum class verb : std::uint8_t {
  pause = 1,
  resume = 2,
  drain = 3,
  reconnect = 4,
  force_open = 5,
  force_closed = 6,
  reset_breaker = 7,
};

inline constexpr verb last_verb = verb::reset_breaker;

} // namespace caf_pool::wire

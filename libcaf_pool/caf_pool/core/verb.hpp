#pragma once

#include <cstdint>
#include <string_view>

namespace caf_pool {

/// What an operator can do to a pool. The values travel between processes.
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

constexpr std::string_view to_string(verb x) noexcept {
  switch (x) {
    case verb::pause:
      return "pause";
    case verb::resume:
      return "resume";
    case verb::drain:
      return "drain";
    case verb::reconnect:
      return "reconnect";
    case verb::force_open:
      return "force_open";
    case verb::force_closed:
      return "force_closed";
    case verb::reset_breaker:
      return "reset_breaker";
  }
  return "unknown";
}

} // namespace caf_pool

#include "caf_pool/core/pool_snapshot.hpp"

namespace caf_pool {

std::string_view to_string(pool_status x) noexcept {
  switch (x) {
    case pool_status::up:
      return "up";
    case pool_status::degraded:
      return "degraded";
    case pool_status::down:
      return "down";
    case pool_status::paused:
      return "paused";
    case pool_status::draining:
      return "draining";
    case pool_status::closed:
      return "closed";
  }
  return "unknown";
}

std::string_view to_string(breaker_state x) noexcept {
  switch (x) {
    case breaker_state::closed:
      return "closed";
    case breaker_state::open:
      return "open";
    case breaker_state::half_open:
      return "half_open";
    case breaker_state::forced_open:
      return "forced_open";
    case breaker_state::forced_closed:
      return "forced_closed";
  }
  return "unknown";
}

} // namespace caf_pool

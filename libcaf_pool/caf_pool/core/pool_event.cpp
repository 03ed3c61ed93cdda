#include "caf_pool/core/pool_event.hpp"

namespace caf_pool {

std::string_view to_string(event_kind x) noexcept {
  switch (x) {
    case event_kind::connection_opened:
      return "connection_opened";
    case event_kind::open_failed:
      return "open_failed";
    case event_kind::connection_lost:
      return "connection_lost";
    case event_kind::connection_retired:
      return "connection_retired";
    case event_kind::breaker_changed:
      return "breaker_changed";
    case event_kind::exhausted:
      return "exhausted";
    case event_kind::recovered:
      return "recovered";
    case event_kind::leak_suspected:
      return "leak_suspected";
    case event_kind::leak_cleared:
      return "leak_cleared";
    case event_kind::lease_revoked:
      return "lease_revoked";
    case event_kind::pool_down:
      return "pool_down";
    case event_kind::pool_up:
      return "pool_up";
    case event_kind::pool_restarted:
      return "pool_restarted";
    case event_kind::freeze_detected:
      return "freeze_detected";
    case event_kind::paused:
      return "paused";
    case event_kind::resumed:
      return "resumed";
    case event_kind::draining:
      return "draining";
    case event_kind::drained:
      return "drained";
    case event_kind::reconfigured:
      return "reconfigured";
  }
  return "unknown";
}

severity severity_of(event_kind x) noexcept {
  switch (x) {
    case event_kind::connection_opened:
    case event_kind::connection_retired:
      return severity::debug;
    case event_kind::recovered:
    case event_kind::leak_cleared:
    case event_kind::pool_up:
    case event_kind::paused:
    case event_kind::resumed:
    case event_kind::draining:
    case event_kind::drained:
    case event_kind::reconfigured:
      return severity::info;
    case event_kind::open_failed:
    case event_kind::connection_lost:
    case event_kind::breaker_changed:
    case event_kind::exhausted:
    case event_kind::leak_suspected:
    case event_kind::freeze_detected:
      return severity::warning;
    case event_kind::lease_revoked:
    case event_kind::pool_down:
    case event_kind::pool_restarted:
      return severity::error;
  }
  return severity::error;
}

} // namespace caf_pool

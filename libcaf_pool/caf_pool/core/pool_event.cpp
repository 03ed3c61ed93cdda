#include "caf_pool/core/pool_event.hpp"

#include <array>
#include <cstddef>

namespace caf_pool {

namespace {

constexpr std::array<std::string_view, 22> kind_names{
  "connection_opened",
  "open_failed",
  "connection_lost",
  "connection_retired",
  "breaker_changed",
  "exhausted",
  "recovered",
  "leak_suspected",
  "leak_cleared",
  "lease_revoked",
  "pool_down",
  "pool_up",
  "pool_restarted",
  "freeze_detected",
  "paused",
  "resumed",
  "draining",
  "drained",
  "reconfigured",
  "invariant_broken",
  "server_warning",
  "pool_degraded",
};

static_assert(kind_names.size() == static_cast<std::size_t>(last_event_kind));

} // namespace

std::string_view to_string(event_kind x) noexcept {
  auto i = static_cast<std::size_t>(x);
  return i > 0 && i <= kind_names.size() ? kind_names[i - 1] : "unknown";
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
    case event_kind::server_warning:
    case event_kind::pool_degraded:
      return severity::warning;
    case event_kind::lease_revoked:
    case event_kind::pool_down:
    case event_kind::pool_restarted:
    case event_kind::invariant_broken:
      return severity::error;
  }
  return severity::error;
}

} // namespace caf_pool

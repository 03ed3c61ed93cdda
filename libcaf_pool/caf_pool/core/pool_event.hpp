#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace caf_pool {

/// What subscribers and logs hear of. The values travel between processes:
/// append only, never renumber.
enum class event_kind : std::uint8_t {
  connection_opened = 1,
  /// An opening failed; the text has the cause.
  open_failed = 2,
  /// A connection ended by accident.
  connection_lost = 3,
  /// A connection ended as planned; the text has the reason.
  connection_retired = 4,
  /// The breaker changed its state; the text names it.
  breaker_changed = 5,
  /// Every connection is in use and callers wait. Once per episode.
  exhausted = 6,
  /// The queue is empty again.
  recovered = 7,
  /// A lease is held longer than the threshold. Once per lease.
  leak_suspected = 8,
  /// A suspected lease came back.
  leak_cleared = 9,
  /// A lease was taken away from its holder.
  lease_revoked = 10,
  /// So many openings failed in a row that the pool counts as down.
  pool_down = 11,
  /// The pool can serve again.
  pool_up = 12,
  /// The pool's actor died and a successor took over.
  pool_restarted = 13,
  /// The process stood still; every idle connection is suspect.
  freeze_detected = 14,
  paused = 15,
  resumed = 16,
  draining = 17,
  drained = 18,
  /// New settings are in force.
  reconfigured = 19,
  /// A promise that the pool makes to itself does not hold: a defect of
  /// caf_pool. Please report it with the text.
  invariant_broken = 20,
  /// The server warned about a statement that went well; the text has its
  /// words.
  server_warning = 21,
  /// Openings fail, but the pool serves with the connections that it has.
  pool_degraded = 22,
};

inline constexpr event_kind last_event_kind = event_kind::pool_degraded;

std::string_view to_string(event_kind x) noexcept;

/// How much a log line about an event matters.
enum class severity : std::uint8_t { debug, info, warning, error };

severity severity_of(event_kind x) noexcept;

/// Something that happened in a pool.
struct pool_event {
  event_kind kind = event_kind::connection_opened;
  /// Name of the pool; filled in by the pool's actor.
  std::string pool;
  /// The connection it is about, if it is about one.
  connection_id connection;
  /// For people: cause, holder, numbers. Never holds a secret.
  std::string text;

  friend bool operator==(const pool_event&, const pool_event&) = default;
};

} // namespace caf_pool

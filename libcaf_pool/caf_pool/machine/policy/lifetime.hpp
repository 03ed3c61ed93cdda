#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>

namespace caf_pool {

/// What to do with a connection that nobody holds.
enum class treatment : std::uint8_t {
  /// It is fit for use.
  keep,
  /// Ask whether it still lives.
  probe,
  /// It reached its lifetime.
  retire_age,
  /// Nobody has needed it for long. Whether the pool may shrink is up to
  /// `connections_to_retire`.
  retire_idle,
  /// It belongs to an earlier generation: other settings, or before a
  /// reconnect.
  retire_generation,
};

/// The past of one connection.
struct connection_age {
  time_point opened_at;
  /// When its last lease ended; `opened_at` before the first one.
  time_point last_used;
  /// When it last did something right: opened, answered a probe, or was given
  /// back in working order.
  time_point last_proven;
  /// Drawn once, see `draw_lifetime`; zero: unlimited.
  duration lifetime = duration::zero();
  std::uint64_t generation = 0;
};

/// How much later than planned a timer may fire before it means a freeze. Far
/// above what a busy machine causes, far below the usual idle limits of
/// firewalls and servers.
inline constexpr duration freeze_tolerance = std::chrono::seconds{5};

/// Returns `max_lifetime` less a random part of up to `lifetime_jitter_percent`
/// of it, to the nanosecond. Never more, because the maximum stands for what
/// the server or the network puts up with. Zero if lifetimes are off.
duration draw_lifetime(const pool_config& config,
                       random_source& random) noexcept;

/// Judges an idle connection that is about to be handed out. One that has
/// proven itself within `validation_bypass` needs no probe. One that has not
/// proven itself since `suspect_before` does need one, whatever the settings
/// say: something happened then, such as another connection breaking or a
/// freeze.
treatment judge_for_hand_out(const connection_age& age,
                             const pool_config& config,
                             std::uint64_t current_generation,
                             time_point suspect_before,
                             time_point now) noexcept;

/// Judges a connection that was just given back.
treatment judge_release(const connection_age& age,
                        std::uint64_t current_generation,
                        time_point now) noexcept;

/// Judges an idle connection in a sweep. Overflow is idle for too long after
/// `overflow_idle_time` or `max_idle_time`, whichever is shorter. To be retired
/// hides a probe that is due: who keeps the connection all the same, because
/// the pool is at its minimum, has to probe it without being told.
treatment judge_idle(const connection_age& age, const pool_config& config,
                     std::uint64_t current_generation, bool is_overflow,
                     time_point now) noexcept;

/// Tells whether the process was frozen, or its machine asleep: a timer that
/// was planned for `planned` only fires at `now`. Every idle connection is then
/// suspect.
bool is_freeze(time_point planned, time_point now,
               duration tolerance = freeze_tolerance) noexcept;

} // namespace caf_pool

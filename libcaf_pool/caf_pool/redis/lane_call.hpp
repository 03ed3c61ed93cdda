#pragma once

#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/core/work.hpp"
#include "caf_pool/redis/lane_seat.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace caf_pool {

struct pool_meters;

/// What the caller of a lane is to do next.
enum class lane_turn : std::uint8_t {
  /// Sleep.
  waits,
  /// Read for all.
  leads,
  /// Go: the replies are there, or an error.
  done,
};

/// The commands of one caller in a shared lane, and what came of them. Lives on
/// the caller's stack.
///
/// Thread-safety: all but `turn` is guarded by the lane while the call is in
/// it, and the caller's alone before and afterwards.
struct lane_call {
  std::span<const redis_command> commands;
  /// When waiting to be sent ends.
  time_point wait_until;
  /// When all of it ends; none: the pool's `execute_timeout` counts from the
  /// time when it was sent.
  std::optional<time_point> end;
  std::shared_ptr<lane_seat> seat = lane_seat::mine();

  /// When the caller looks at how things are, though nobody wakes it.
  time_point looks_at;

  std::atomic<lane_turn> turn = lane_turn::waits;
  /// How many commands went to the connection.
  std::size_t sent = 0;
  time_point sent_at;
  /// When it has to be over, once something was sent.
  time_point deadline;
  std::vector<result<redis_value>> replies;
  /// What the replies take, roughly; only of several commands.
  std::uint64_t bytes = 0;
  /// Why the commands that were not sent were not.
  std::optional<error> refused;
  pool_meters* meters = nullptr;

  bool all_sent() const noexcept {
    return sent == commands.size();
  }

  /// No more replies will come.
  bool over() const noexcept {
    return replies.size() == (refused ? sent : commands.size());
  }

  /// When the caller leaves, as things are.
  time_point leaves_at() const noexcept {
    return sent > 0 ? deadline : wait_until;
  }

  /// Takes the next reply. What is beyond `max_bytes` in all is an error.
  void add(result<redis_value> reply, std::uint64_t max_bytes);

  /// Returns what came of it. What has no reply has an error: by `refused`, or
  /// because the time is over.
  result<outcome> finish();

private:
  error missing(std::size_t number) const;
};

} // namespace caf_pool

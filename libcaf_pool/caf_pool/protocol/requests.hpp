#pragma once

#include "caf_pool/protocol/actor_types.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// What a client says to its session. `request` is chosen by the client, starts
/// at 1 and grows; a number that comes twice is executed once. Times are
/// microseconds that remain, because clocks differ.
namespace caf_pool::wire {

/// What a call asks for. The values travel between processes: append only.
enum class subject : std::uint8_t {
  /// Whether there is such a pool. Answer: nothing, or the names that exist.
  find = 1,
  /// Answer: names.
  list = 2,
  /// Answer: a snapshot.
  snapshot = 3,
  /// Of all pools if none is named. Answer: a health report.
  health = 4,
  /// A connection; payload: an order without work. Answer: a grant.
  acquire = 5,
  /// Work on any connection of a pool; payload: an order. Answer: its outcome.
  execute = 6,
  /// Work on the connection of a lease, whose token is the target.
  execute_on = 7,
  /// From now on each `event` of a pool, or of all if none is named. Answer:
  /// nothing.
  subscribe = 8,
  unsubscribe = 9,
  /// Payload: an operation. Answer: nothing. Needs the role `operate`.
  control = 10,
};

inline constexpr subject last_subject = subject::control;

/// One question, whatever it is about. Answer: `answer`.
struct call {
  std::uint64_t request = 0;
  /// A `subject`.
  std::uint8_t what = 0;
  /// The name of a pool, or the token of a lease.
  std::string target;
  /// How long the client waits for the answer; zero: it does not say.
  std::int64_t limit_us = 0;
  std::string payload;
  /// So many bytes of the payload follow in parts; zero: it is all here.
  std::uint64_t to_follow = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, call& x) {
    return inspect_fields(
      f, x, "call", field("request", x.request), field("what", x.what),
      field("target", x.target), field("limit_us", x.limit_us),
      field("payload", x.payload), field("to_follow", x.to_follow));
  }

  friend bool operator==(const call&, const call&) = default;
};

/// Returns what a call asks for; nothing if this release does not know.
constexpr std::optional<subject> subject_of(const call& x) noexcept {
  if (x.what == 0 || x.what > static_cast<std::uint8_t>(last_subject))
    return std::nullopt;
  return static_cast<subject>(x.what);
}

/// Gives a connection back. No answer; an unknown token changes nothing.
struct release {
  std::string token;
  /// Why it should be closed; empty if it should not.
  std::string broken;

  template <class Inspector>
  friend auto inspect(Inspector& f, release& x) {
    return inspect_fields(f, x, "release", field("token", x.token),
                          field("broken", x.broken));
  }

  friend bool operator==(const release&, const release&) = default;
};

/// Withdraws a request: one that waits is rejected, one that runs is stopped, a
/// grant is taken back. The request is answered, this message is not; of an
/// answer that is under way in parts, the rest is not sent.
struct cancel {
  std::uint64_t request = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, cancel& x) {
    return inspect_fields(f, x, "cancel", field("request", x.request));
  }

  friend bool operator==(const cancel&, const cancel&) = default;
};

/// Says that the client lives; every other message says so, too. Answer:
/// `renewed` with the same number.
struct renew {
  std::uint64_t sequence = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, renew& x) {
    return inspect_fields(f, x, "renew", field("sequence", x.sequence));
  }

  friend bool operator==(const renew&, const renew&) = default;
};

/// The client leaves; what it holds is taken back.
struct goodbye {
  std::string reason;

  template <class Inspector>
  friend auto inspect(Inspector& f, goodbye& x) {
    return inspect_fields(f, x, "goodbye", field("reason", x.reason));
  }

  friend bool operator==(const goodbye&, const goodbye&) = default;
};

} // namespace caf_pool::wire

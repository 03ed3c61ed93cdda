#pragma once

#include "caf_pool/protocol/actor_types.hpp"
#include "caf_pool/protocol/verb.hpp"

#include <cstdint>
#include <string>

/// The rest of what a client says to its session: about pools and about itself.
/// See requests.hpp.
namespace caf_pool::wire {

/// Answer: `answer` with a snapshot.
struct get_snapshot {
  std::uint64_t request = 0;
  std::string pool;

  template <class Inspector>
  friend auto inspect(Inspector& f, get_snapshot& x) {
    return inspect_fields(f, x, "get_snapshot", field("request", x.request),
                          field("pool", x.pool));
  }

  friend bool operator==(const get_snapshot&, const get_snapshot&) = default;
};

/// Answer: `answer` with health reports, of all pools if none is named.
struct get_health {
  std::uint64_t request = 0;
  std::string pool;

  template <class Inspector>
  friend auto inspect(Inspector& f, get_health& x) {
    return inspect_fields(f, x, "get_health", field("request", x.request),
                          field("pool", x.pool));
  }

  friend bool operator==(const get_health&, const get_health&) = default;
};

/// From now on the client gets each `event` of a pool, or of all pools if none
/// is named. Answer: `done`.
struct subscribe {
  std::uint64_t request = 0;
  std::string pool;
  bool stop = false;

  template <class Inspector>
  friend auto inspect(Inspector& f, subscribe& x) {
    return inspect_fields(f, x, "subscribe", field("request", x.request),
                          field("pool", x.pool), field("stop", x.stop));
  }

  friend bool operator==(const subscribe&, const subscribe&) = default;
};

/// Answer: `done`. Needs the role `operate`.
struct control {
  std::uint64_t request = 0;
  std::string pool;
  /// A `verb`.
  std::uint8_t what = 0;
  /// For `drain`.
  std::int64_t limit_us = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, control& x) {
    return inspect_fields(f, x, "control", field("request", x.request),
                          field("pool", x.pool), field("what", x.what),
                          field("limit_us", x.limit_us));
  }

  friend bool operator==(const control&, const control&) = default;
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

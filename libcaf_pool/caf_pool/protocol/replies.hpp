#pragma once

#include "caf_pool/protocol/actor_types.hpp"

#include <cstdint>
#include <string>

/// What a session says to its client. `request` repeats the client's number.
namespace caf_pool::wire {

/// What was asked for, or why there is none of it: the payload tells what it
/// holds. An empty one says that all went well, and there is nothing to tell.
/// An error of request 0 is one of the session.
struct answer {
  std::uint64_t request = 0;
  std::string payload;
  /// So many bytes of the payload follow in parts; zero: it is all here.
  std::uint64_t to_follow = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, answer& x) {
    return inspect_fields(f, x, "answer", field("request", x.request),
                          field("payload", x.payload),
                          field("to_follow", x.to_follow));
  }

  friend bool operator==(const answer&, const answer&) = default;
};

/// Something that happened in a pool that the client subscribed to.
struct event {
  std::string payload;
  /// How many before this one were left out, because there were too many.
  std::uint64_t missed = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, event& x) {
    return inspect_fields(f, x, "event", field("payload", x.payload),
                          field("missed", x.missed));
  }

  friend bool operator==(const event&, const event&) = default;
};

/// A lease was taken away.
struct revoked {
  std::string token;
  std::string reason;

  template <class Inspector>
  friend auto inspect(Inspector& f, revoked& x) {
    return inspect_fields(f, x, "revoked", field("token", x.token),
                          field("reason", x.reason));
  }

  friend bool operator==(const revoked&, const revoked&) = default;
};

/// The session heard the client.
struct renewed {
  std::uint64_t sequence = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, renewed& x) {
    return inspect_fields(f, x, "renewed", field("sequence", x.sequence));
  }

  friend bool operator==(const renewed&, const renewed&) = default;
};

/// The session ends; what the client held was taken back.
struct farewell {
  std::string reason;

  template <class Inspector>
  friend auto inspect(Inspector& f, farewell& x) {
    return inspect_fields(f, x, "farewell", field("reason", x.reason));
  }

  friend bool operator==(const farewell&, const farewell&) = default;
};

} // namespace caf_pool::wire

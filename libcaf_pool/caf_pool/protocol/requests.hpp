#pragma once

#include "caf_pool/protocol/actor_types.hpp"

#include <cstdint>
#include <string>

/// What a client says to its session. `request` is chosen by the client, starts
/// at 1 and grows; a number that comes twice is executed once. Times are
/// microseconds that remain, because clocks differ; zero means the pool's own
/// limits.
namespace caf_pool::wire {

/// Answer: `done`, or `failed` with the names that exist.
struct find_pool {
  std::uint64_t request = 0;
  std::string pool;

  template <class Inspector>
  friend auto inspect(Inspector& f, find_pool& x) {
    return inspect_fields(f, x, "find_pool", field("request", x.request),
                          field("pool", x.pool));
  }

  friend bool operator==(const find_pool&, const find_pool&) = default;
};

/// Answer: `answer` with names.
struct list_pools {
  std::uint64_t request = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, list_pools& x) {
    return inspect_fields(f, x, "list_pools", field("request", x.request));
  }

  friend bool operator==(const list_pools&, const list_pools&) = default;
};

/// Runs one statement, or several as one transaction, on any connection.
/// Answer: `answer` with results.
struct execute {
  std::uint64_t request = 0;
  std::string pool;
  std::string statements;
  std::int64_t limit_us = 0;
  std::uint8_t priority = 0;
  /// So many bytes of the statements follow in parts; zero: they are all here.
  std::uint64_t to_follow = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, execute& x) {
    return inspect_fields(
      f, x, "execute", field("request", x.request), field("pool", x.pool),
      field("statements", x.statements), field("limit_us", x.limit_us),
      field("priority", x.priority), field("to_follow", x.to_follow));
  }

  friend bool operator==(const execute&, const execute&) = default;
};

/// Asks for a connection to use alone. Answer: `granted`.
struct acquire {
  std::uint64_t request = 0;
  std::string pool;
  std::int64_t wait_us = 0;
  /// How long it will be held; zero: the client does not say.
  std::int64_t expected_us = 0;
  std::uint8_t priority = 0;
  bool only_if_free = false;
  /// The server refuses writes until the client gives it back.
  bool read_only = false;

  template <class Inspector>
  friend auto inspect(Inspector& f, acquire& x) {
    return inspect_fields(
      f, x, "acquire", field("request", x.request), field("pool", x.pool),
      field("wait_us", x.wait_us), field("expected_us", x.expected_us),
      field("priority", x.priority), field("only_if_free", x.only_if_free),
      field("read_only", x.read_only));
  }

  friend bool operator==(const acquire&, const acquire&) = default;
};

/// As `execute`, on a connection that was granted.
struct execute_on {
  std::uint64_t request = 0;
  std::string token;
  std::string statements;
  std::int64_t limit_us = 0;
  /// As of `execute`.
  std::uint64_t to_follow = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, execute_on& x) {
    return inspect_fields(
      f, x, "execute_on", field("request", x.request), field("token", x.token),
      field("statements", x.statements), field("limit_us", x.limit_us),
      field("to_follow", x.to_follow));
  }

  friend bool operator==(const execute_on&, const execute_on&) = default;
};

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

} // namespace caf_pool::wire

#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace caf_pool {

/// Names outcomes as the caller experiences them. A timeout names its phase.
/// The values travel between processes: append only, never renumber.
enum class errc : std::uint8_t {
  none = 0,
  /// No connection became free before the caller's deadline.
  acquire_timeout = 1,
  /// The wait queue is at its limit; the caller was rejected at once.
  queue_full = 2,
  /// The pool shed the caller because it is overloaded (CoDel).
  overloaded = 3,
  /// The caller withdrew its request.
  cancelled = 4,
  /// The breaker is open; nothing was sent to the server.
  breaker_open = 5,
  /// The pool is paused by an operator.
  paused = 6,
  /// The pool is draining and takes no new callers.
  draining = 7,
  /// The pool is closed.
  closed = 8,
  /// The pool's actor was restarted; nothing was executed.
  restarted = 9,
  /// No pool of that name exists.
  pool_not_found = 10,
  /// Opening a connection took longer than its limit.
  open_timeout = 11,
  /// Opening failed in a way that may heal by itself.
  open_failed = 12,
  /// Opening failed in a way that will not heal by itself: wrong password,
  /// unknown database, certificate refused.
  open_refused = 13,
  /// The statement ran longer than its limit and was cancelled.
  execute_timeout = 14,
  /// The server refused the statement; the connection survives.
  execute_failed = 15,
  /// The connection broke; the statement did not take effect.
  connection_lost = 16,
  /// The connection broke while committing; the statement may or may not have
  /// taken effect. Never retry blindly.
  outcome_unknown = 17,
  /// The lease was revoked or its time to live ended.
  lease_lost = 18,
  /// The lease was given back before this use.
  lease_released = 19,
  /// The result exceeds the configured byte limit.
  result_too_large = 20,
  /// An argument makes no sense; the text says which and why.
  invalid_argument = 21,
  /// This backend cannot do that.
  not_supported = 22,
  /// The login was refused.
  unauthorized = 23,
  /// The principal may not do that.
  forbidden = 24,
  /// Both sides speak different versions of the protocol.
  protocol_mismatch = 25,
  /// The node cannot be reached or went away.
  node_unreachable = 26,
  /// A configuration has problems; the text lists all of them.
  config_invalid = 27,
  /// A defect in caf_pool or in a backend.
  internal = 28,
  /// An earlier error had already ended the transaction: nothing of it is
  /// stored.
  rolled_back = 29,
  /// The server is there but does not do that now: it loads its data, has no
  /// master, takes no writes. Nothing took effect; the state says which.
  server_unready = 30,
};

/// The highest valid value of `errc`.
inline constexpr errc last_errc = errc::server_unready;

/// Returns the name of the enumerator, e.g. "acquire_timeout".
std::string_view to_string(errc x) noexcept;

/// Returns the error code with the name `str`, if there is one.
std::optional<errc> errc_from_string(std::string_view str) noexcept;

/// Tells whether trying the same call again may work without anybody changing
/// anything, and cannot do harm because nothing took effect.
bool retryable(errc x) noexcept;

/// What went wrong: a code for programs, a text for people and, when a server
/// said so, its own state code (SQLSTATE for SQL servers).
struct error {
  errc code = errc::none;
  /// What happened, how long it took, the numbers, what to try.
  std::string message;
  /// SQLSTATE or the backend's own code; empty if there is none.
  std::string state;

  explicit operator bool() const noexcept {
    return code != errc::none;
  }

  friend bool operator==(const error&, const error&) = default;
};

/// Renders as "acquire_timeout: message (state)".
std::string to_string(const error& x);

/// Thrown by `result::value()` only.
class pool_error : public std::runtime_error {
public:
  explicit pool_error(error what)
    : std::runtime_error(to_string(what)), what_(std::move(what)) {
    // nop
  }

  const error& why() const noexcept {
    return what_;
  }

private:
  error what_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/postgres/pg_compat.hpp"
#include "caf_pool/core/time.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace caf_pool {

/// What other threads may do to a connection that is in use: ask the server to
/// stop the statement, and shut the socket.
///
/// A request to cancel travels over a connection of its own, and libpq blocks
/// while it does. So a thread of its own sends it, one at a time; that thread
/// needs nothing of the connection.
///
/// Shutting down works on a duplicate of the descriptor: libpq closes its own
/// when it likes, and the number may belong to somebody else a moment later.
///
/// Thread-safety: all members from any thread, but for `wait_for_end` and
/// `close_socket`, which belong to the connection's own thread.
class pg_interrupter {
public:
  explicit pg_interrupter(PGconn* raw);

  pg_interrupter(const pg_interrupter&) = delete;
  pg_interrupter& operator=(const pg_interrupter&) = delete;

  ~pg_interrupter();

  /// Tells whether there was a descriptor left to duplicate.
  bool valid() const noexcept {
    return socket_ >= 0;
  }

  // -- cancelling -------------------------------------------------------------

  /// Asks the server to stop what it does; returns at once.
  void cancel() noexcept;

  /// Waits until no request is under way. Returns false at the deadline.
  bool wait_for_requests(time_point deadline) noexcept;

  /// Counts the requests so far.
  std::uint64_t requests() const noexcept;

  // -- shutting down ----------------------------------------------------------

  /// Makes every blocked call of this connection return.
  void shut_down() noexcept;

  bool is_shut_down() const noexcept {
    return shut_down_.load();
  }

  /// Waits until the server has closed its side, when libpq has closed ours:
  /// then the server's slot is free. Returns false at the deadline.
  bool wait_for_end(time_point deadline) noexcept;

  void close_socket() noexcept;

private:
  struct requests_state;

  std::shared_ptr<requests_state> state_;
  std::mutex mtx_;
  int socket_ = -1;
  std::atomic<bool> shut_down_ = false;
};

} // namespace caf_pool

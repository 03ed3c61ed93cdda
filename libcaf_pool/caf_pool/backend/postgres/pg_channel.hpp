#pragma once

#include "caf_pool/backend/postgres/pg_intake.hpp"
#include "caf_pool/backend/postgres/pg_interrupter.hpp"
#include "caf_pool/backend/postgres/pg_open.hpp"
#include "caf_pool/core/time.hpp"

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace caf_pool {

struct pg_result_clearer {
  void operator()(PGresult* x) const noexcept {
    PQclear(x);
  }
};

/// A portion of a result.
using pg_portion = std::unique_ptr<PGresult, pg_result_clearer>;

/// How waiting for the server ended.
enum class pg_wait : std::uint8_t {
  ready,
  late,
  lost,
  /// More came in than the caller wants to hold, and nothing is complete yet.
  too_large,
};

/// What the server answered to statements of ours.
struct pg_answer {
  pg_wait wait = pg_wait::ready;
  /// The first error, if any.
  std::string sqlstate;
  std::string text;
  /// The first column of the first rows of the last result that has any.
  std::vector<std::string> rows;

  bool ok() const noexcept {
    return wait == pg_wait::ready && text.empty();
  }
};

/// A handle of libpq that never blocks past a deadline.
///
/// Thread-safety: one thread at a time, but for `interrupter`.
class pg_channel {
public:
  explicit pg_channel(pg_session session);

  ~pg_channel();

  /// Null after `close`.
  PGconn* raw() const noexcept {
    return session_.handle.get();
  }

  pg_interrupter& interrupter() noexcept {
    return interrupter_;
  }

  pg_notices& notices() noexcept {
    return *session_.notices;
  }

  /// Tells whether nothing more can come from the server.
  bool lost() const noexcept;

  /// Sends what is left and reads until a portion is complete. With a intake,
  /// gives up when a single message, of which libpq must hold the whole, has
  /// more bytes than the intake expects. Requires then that the result comes in
  /// portions. Notices and notifications do not count; at the limit,
  /// notifications that nobody read are dropped.
  pg_wait wait(time_point deadline, pg_intake* intake = nullptr);

  /// Runs statements by the simple protocol, in one round trip.
  pg_answer run(const char* sql, time_point deadline);

  /// Prepares a statement, and lets the server infer all types.
  pg_answer prepare(const char* name, const char* sql, time_point deadline);

  /// Looks whether the server hung up while nobody spoke; no round trip, about
  /// a microsecond.
  bool hung_up();

  // -- cancelled statements ---------------------------------------------------

  /// Tells whether a request to cancel may still hit the next statement.
  bool unsettled() const noexcept {
    return settled_requests_ != interrupter_.requests();
  }

  /// Waits for the requests' own connections to close and makes a round trip:
  /// now a request hits nobody.
  bool settle(time_point deadline);

  // -- end --------------------------------------------------------------------

  /// Says goodbye and waits until the server's slot is free.
  void close(time_point deadline) noexcept;

private:
  pg_answer drain(time_point deadline);
  void stop_server() noexcept;

  pg_session session_;
  pg_interrupter interrupter_;
  std::uint64_t settled_requests_ = 0;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/postgres/pg_notices.hpp"
#include "caf_pool/backend/postgres/pg_options.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/bell.hpp"

#include <libpq-fe.h>

#include <memory>

namespace caf_pool {

struct pg_finisher {
  void operator()(PGconn* raw) const noexcept {
    PQfinish(raw);
  }
};

using pg_handle = std::unique_ptr<PGconn, pg_finisher>;

/// A handle of libpq and what listens to it, which must outlive it.
struct pg_session {
  std::unique_ptr<pg_notices> notices;
  pg_handle handle;
};

/// Logs in at the first of the configured hosts that takes the connection. One
/// deadline covers name lookup, connecting, TLS and login; each address gets
/// its fair share of what is left, so that a dead one does not use up all.
///
/// Returns `open_timeout` at the deadline, `cancelled` when the bell rings,
/// `open_refused` with the SQLSTATE for what will not heal by itself,
/// `open_failed` for the rest.
///
/// Thread-safety: any thread at any time.
result<pg_session> pg_open(const pg_options& options, time_point deadline,
                           const bell& called_off);

/// Looks whether one of the configured hosts takes logins, by beginning one and
/// not telling the password: a server that is starting or recovering takes
/// connections, but says so instead of asking who is there. That costs the
/// server a process for some milliseconds and writes nothing to its log.
///
/// Returns `open_failed` if nobody listens, `connection_lost` if somebody does
/// but takes no logins, or `open_timeout`. Whatever else a login would be told
/// is no matter of this.
///
/// Thread-safety: any thread at any time.
result<void> pg_look(const pg_options& options, time_point deadline);

} // namespace caf_pool

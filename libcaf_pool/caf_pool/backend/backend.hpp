#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/core/trace.hpp"
#include "caf_pool/core/work.hpp"

#include <cstdint>
#include <exception>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace caf_pool {

/// What a connection knows about its transaction without asking the server.
enum class transaction_status : std::uint8_t {
  /// The backend has no transactions, or cannot tell.
  unknown,
  /// None is open: each statement commits by itself.
  none,
  open,
  /// Open, but an error has doomed it: it can only be rolled back.
  failed,
};

/// How many transactions of a connection ended so far, by a statement or by
/// the server. Those of single statements do not count.
struct transaction_ends {
  std::uint64_t committed = 0;
  std::uint64_t rolled_back = 0;

  friend bool operator==(const transaction_ends&, const transaction_ends&)
    = default;
};

/// One conversation with a server. A backend derives from this; so may a user.
///
/// Every blocking call gets a deadline and returns an error instead of
/// throwing. An error that the connection does not survive leaves `state()` at
/// `trace::broken`; every other error leaves it usable (after a reset at most).
///
/// Thread-safety: used by one thread at a time, but for `cancel` and `abort`,
/// which any thread may call at any moment while the object lives.
class connection {
public:
  virtual ~connection() = default;

  /// Asks the server whether the connection lives. Touches no data.
  virtual result<void> probe(time_point deadline) = 0;

  /// Removes the traces of a holder, such that the next one sees nothing of
  /// it: rolls back, and cleans what `policy` says.
  virtual result<void> reset(reset_policy policy, time_point deadline) = 0;

  /// Runs one statement. The server stops it at the deadline
  /// (`errc::execute_timeout`). Backends without statements keep this.
  virtual result<sql_result> execute(const sql_statement& what,
                                     time_point deadline);

  /// Does work that is no SQL, and stops at the deadline as `execute` does. By
  /// default `not_supported`: backends override it for the alternative of
  /// `work` that is theirs.
  virtual result<outcome> run(const work& what, time_point deadline);

  /// Tells whether work that failed like that may be tried once more, on
  /// another connection: it had no effect, or does no harm twice. By default
  /// never. From any thread.
  virtual bool may_repeat(const work& what, errc why) const noexcept;

  /// Returns how long the first try of work may take that may be repeated after
  /// a timeout, so that time is left for the second; by default as long as both
  /// together. From any thread.
  virtual duration first_try_limit() const noexcept;

  /// Makes the server refuse writes until the next `reset`: a lease for reading
  /// only.
  virtual result<void> restrict_to_reads(time_point deadline);

  /// Tells what the last holder left. No round trip, no blocking: the fast
  /// lane asks at each release.
  virtual trace state() const noexcept = 0;

  /// Tells whether a transaction is open. No round trip, no blocking. Keep the
  /// default if the server has none.
  virtual transaction_status transaction() const noexcept;

  /// Tells how many transactions ended since the last reset, as far as that is
  /// known, so that COMMIT AND CHAIN does not pass for the same transaction. No
  /// round trip, no blocking.
  virtual transaction_ends ended_transactions() const noexcept;

  /// Asks the server to stop the running statement; the connection survives.
  /// May block for a moment, hence is called by a worker. Keep the default if
  /// the server cannot do that.
  virtual void cancel() noexcept;

  /// Makes a blocked call of another thread return at once; afterwards
  /// `state()` is `trace::broken`. The last resort against frozen servers.
  virtual void abort() noexcept = 0;

  /// Says goodbye to the server within the deadline. The destructor must work
  /// without it, too. By default as `abort`.
  virtual void close(time_point deadline) noexcept;

  /// The driver's own handle (`pqxx::connection*`, `sqlite3*`, ...). Whoever
  /// takes it may leave anything behind: the connection counts as dirty. Null
  /// by default.
  virtual void* native_handle() noexcept;
};

using connection_ptr = std::unique_ptr<connection>;

/// Opens connections to one server of its kind. Shared by all workers of
/// a pool.
///
/// Thread-safety: all members from any thread at the same time.
class backend {
public:
  virtual ~backend() = default;

  /// Opens a connection, ready for use. Returns `open_timeout` at the
  /// deadline, `open_refused` for what will not heal by itself, `open_failed`
  /// for the rest.
  virtual result<connection_ptr> open(time_point deadline) = 0;

  /// As `open`, but ends soon with `cancelled` once a stop is requested: the
  /// pool has other settings, or found that its server is back while this
  /// attempt hangs. By default `open`, which nothing stops.
  virtual result<connection_ptr> open_unless(std::stop_token called_off,
                                             time_point deadline);

  /// Looks cheaply, without a login, whether `open` may succeed. Returns
  /// `open_failed` if nobody listens, `connection_lost` if somebody does but
  /// takes no logins, `open_timeout`, or by default `not_supported`.
  virtual result<void> reachable(time_point deadline);

  /// Names the kind, e.g. "postgres".
  virtual std::string_view kind() const noexcept = 0;

  /// Describes the server for logs, without secrets; by default the kind.
  virtual std::string describe() const;

  /// Returns how many connections may be open at the same time at most; a pool
  /// with a larger `max_size` is refused. SQLite's `:memory:` returns 1.
  virtual std::uint32_t max_connections() const noexcept;
};

using backend_ptr = std::shared_ptr<backend>;

/// A server and how to pool it, as `postgres(...)` and `sqlite(...)` return it.
/// Change `config` before making a pool of it.
template <class Connection>
struct backend_spec {
  pool_config config;
  /// Null if the server's description was refused: the pool then says why.
  backend_ptr backend;
  /// Why it was refused.
  error why = {};

  /// Sets the size, the most common setting of all.
  backend_spec size(std::uint32_t max) && {
    config.max_size = max;
    config.min_size = config.min_size < max ? config.min_size : max;
    return std::move(*this);
  }
};

/// Puts a description together, whether its backend could be made or not.
template <class Connection>
backend_spec<Connection> make_spec(pool_config config,
                                   result<backend_ptr> made) {
  if (!made)
    return {std::move(config), nullptr, made.error()};
  return {std::move(config), *std::move(made), {}};
}

/// What a backend's exception means to whoever called it: it must not throw.
error backend_threw(const std::exception& ex);

} // namespace caf_pool

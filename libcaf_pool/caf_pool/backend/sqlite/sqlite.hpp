#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/registry.hpp"
#include "caf_pool/backend/sqlite/sqlite_connection.hpp"

#include <string>

namespace caf_pool {

/// SQLite, the embedded default: a database in a file or in memory, used by
/// its C API. Statements come one per call; placeholders are `?`, `?2` or `$2`.
///
/// ~~~
/// pool_config config;
/// config.options["path"] = "/var/lib/shop/orders.db";
/// auto server = make_sqlite(config);
/// ~~~
///
/// - One writer, many readers: with the write-ahead log (option `wal`) nobody
///   waits but writers for each other. They queue up in the order of coming,
///   each until its deadline; a transaction keeps its place until it ends.
/// - `BEGIN` means `BEGIN IMMEDIATE` unless the connection is for reading
///   only, because a transaction that reads first and writes later fails as
///   soon as somebody else writes in between. `BEGIN DEFERRED` stays what it
///   is: right for several reads of one state, and an error with its reason if
///   it writes too late.
/// - Locks of other processes, and of statements made with the driver's handle,
///   are waited for until the deadline, too; those SQLite has to poll.
/// - A deadline, a cancel or an abort ends a statement within some ten
///   microseconds of work, but not within a single call to the operating
///   system, e.g. a flush of the disk.
/// - When SQLite ends a transaction by itself (a cancelled write, a full disk,
///   `ON CONFLICT ROLLBACK`), the connection executes nothing until `ROLLBACK`
///   or a new `BEGIN`, lest the rest of it be committed piece by piece.
/// - `reset` rolls back. If settings, temporary tables, attached files or the
///   driver's handle were used, it takes a fresh handle, hence ask `native()`
///   again after it; the driver's hooks and functions end with the lease.
/// - Statements cannot open other files (option `attach`), load extensions, or
///   change settings of the whole process; `native()` can.
/// - `:memory:` lives as long as the backend, even if its connection is closed
///   and opened again, and allows one connection: SQLite lets a reader and a
///   writer of such a database wait for each other. It holds 1 GiB at most.
///
/// Errors carry SQLite's extended code as their state, e.g.
/// "SQLITE_CONSTRAINT_UNIQUE". `native()` is a `sqlite3*`.
///
/// Touches no file. Returns `config_invalid` with all problems of the options.
/// Thread-safety: as `backend`.
result<backend_ptr> make_sqlite(const pool_config& config);

/// Describes a database for a pool in the program; `:memory:` makes a pool of
/// one connection.
///
/// ~~~
/// caf_pool::pool db{caf_pool::sqlite("/var/lib/shop/orders.db")};
/// ~~~
backend_spec<sqlite_connection> sqlite(const std::string& path);

/// Tells configuration files of it.
backend_info sqlite_info();

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/postgres/pg_compat.hpp"
#include "caf_pool/backend/postgres/pg_connection.hpp"
#include "caf_pool/backend/postgres/pg_notices.hpp"
#include "caf_pool/backend/postgres/pg_url.hpp"
#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/pool_config.hpp"

#include <string_view>
#include <vector>

namespace caf_pool {

/// What leases of a PostgreSQL pool hold.
using postgres_connection = pg_connection;

/// Describes a server for a pool in the program:
///
/// ~~~
/// caf_pool::pool db{caf_pool::postgres("postgres://app@localhost/shop")};
/// ~~~
///
/// A URL that makes no sense is reported by the pool's `ready()` and by every
/// call. See `parse_postgres_url` for what it may say.
backend_spec<postgres_connection> postgres(std::string_view url);

/// PostgreSQL by libpqxx and libpq.
///
/// ~~~
/// auto config = parse_postgres_url("postgres://app@db/orders").value();
/// auto server = make_postgres(config).value();
/// auto conn = server->open(clock::now() + 5s).value();
/// auto rows = conn->execute({"SELECT $1::int + 1", {41}}, clock::now() + 1s);
/// ~~~
///
/// - One deadline covers opening: name lookup, TLS, login, `init`.
/// - A connection that is lost stays lost; nothing reconnects in secret.
/// - Statements by `execute` have bound parameters and, when they come again,
///   are prepared. int2/4/8, oid, bool, float4/8 and bytea become typed cells,
///   everything else is text.
/// - A session writes values in the server's standard forms, whatever the role
///   or the database say (`extra_float_digits` 3, `DateStyle` ISO, MDY,
///   `IntervalStyle` postgres, `bytea_output` hex), so that floating point
///   numbers are exact. A holder who changes one gets what he asked for until
///   the next reset. Behind a pooler by transaction the role's own count.
/// - Parameters are sent as text and read by the server as what the statement
///   wants: an integer that is too large for its column is refused, and one
///   that a floating point column cannot hold is rounded as in SQL.
/// - Environment variables of libpq (`PGHOST`, ...) are ignored, but for `PGTZ`
///   and `PGGEQO`, which libpq gives no way to ignore.
///
/// Thread-safety: as `backend` and `connection` say.

/// Names the kind for configuration files.
backend_info postgres_info();

/// Makes the backend. Touches neither network nor file system. Returns
/// `config_invalid` with all problems of the options.
result<backend_ptr> make_postgres(const pool_config& config);

/// Returns the native handle for libpqxx, e.g. to copy or to listen:
///
/// ~~~
/// pqxx::work tx{pg_native(conn)};
/// ~~~
///
/// What libpqxx made (results, transactions, receivers) must be gone before the
/// lease is. Throws `pool_error` (`connection_lost`) if the connection is
/// broken. Requires a connection of this backend.
pqxx_connection& pg_native(connection& x);

/// Returns libpq's handle, or null if the connection is broken or of another
/// kind. Do not close it.
PGconn* pg_raw(connection& x) noexcept;

/// Returns the notices and warnings since the last call or reset, oldest first;
/// the last 32 are kept. Empty for connections of another kind.
std::vector<pg_notice> pg_take_notices(connection& x);

} // namespace caf_pool

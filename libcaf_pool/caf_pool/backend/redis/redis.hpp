#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/redis/redis_connection.hpp"
#include "caf_pool/backend/redis/redis_url.hpp"
#include "caf_pool/backend/registry.hpp"
#include "caf_pool/calls/redis_script.hpp"
#include "caf_pool/core/pool_config.hpp"

#include <string_view>

namespace caf_pool {

/// Describes a Redis or Valkey server for a pool in the program:
///
/// ~~~
/// caf_pool::pool cache{caf_pool::redis("redis://localhost/0")};
/// cache.command("SET", "user:7", "Ann", "EX", 60).value();
/// ~~~
///
/// - Commands go out as they are, binary-safe. hiredis reads the replies.
/// - One deadline covers a call. At the deadline the connection is closed,
///   because replies that come later would pass for others'. The server may
///   still carry out what was sent: for a command that only reads the error is
///   `execute_timeout` or `connection_lost`, for any other `outcome_unknown`.
/// - What failed like that without an effect is tried once more, on another
///   connection and within the same limit, if it needs no lease
///   (`retry_on_timeout`).
/// - An error reply is an error with the reply's first word as its state. What
///   it says of the connection and the server follows from that word: a server
///   that loads its data is `server_unready`, a user without the right is
///   `forbidden`, a command that is wrong is `execute_failed`.
/// - A lease may SELECT, WATCH, MULTI or AUTH. What it left is removed at its
///   end by the fewest commands that do; a lease that left nothing costs no
///   round trip.
/// - Commands that block, and those that subscribe, go over connections of
///   their own: see `blocking` and `subscribe` of `pool_words`. The pool's own
///   refuse them, because they would be kept from everybody else. A pool with
///   the option `blocking` takes the former, and none that change the session.
/// - A lease for reading sends only commands that read; the pool sees to it.
///
/// A URL that makes no sense is reported by the pool's `ready()` and by every
/// call. See `parse_redis_url` for what it may say.
backend_spec<redis_connection> redis(std::string_view url);

/// Names the kind for configuration files.
backend_info redis_info();

/// Makes the backend. Touches no network; reads the files of certificates.
/// Returns `config_invalid` with all problems of the options.
result<backend_ptr> make_redis(const pool_config& config);

} // namespace caf_pool

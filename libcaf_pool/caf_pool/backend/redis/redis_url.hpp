#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/result.hpp"

#include <string_view>

namespace caf_pool {

/// Reads where a Redis server is and how to log in:
///
/// - `redis://user:password@host:port/database?key=value`
/// - `rediss://…`, the same by TLS
/// - `unix://user:password@/path/of/the.socket?database=2`
///
/// Keys are the options of the backend (`client_name`, `tls_ca`). The limits of
/// the pool get the defaults that suit Redis: a server that takes longer than
/// five seconds is one to give up on.
///
/// Returns `invalid_argument` with what is wrong; never shows the text, which
/// may hold a password.
///
/// Thread-safety: any thread at any time.
result<pool_config> parse_redis_url(std::string_view text);

/// Sets the limits of a pool to what suits Redis.
void set_redis_defaults(pool_config& x);

} // namespace caf_pool

#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/result.hpp"

#include <string_view>

namespace caf_pool {

/// Reads where a server is, in either of libpq's forms:
///
/// ~~~
/// postgres://app@db.example:5432/orders?sslmode=verify-full
/// host=/var/run/postgresql dbname=orders user=app
/// ~~~
///
/// Keys are libpq's (`dbname`, `connect_timeout`, ...) or the backend's own
/// (`statement_cache=0`). Everything that is not named keeps its default. A
/// password becomes the configuration's secret.
///
/// Returns `invalid_argument` for what is no such text, with a text that does
/// not repeat it, because it may hold a password.
result<pool_config> parse_postgres_url(std::string_view text);

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/redis/redis.hpp"
#include "caf_pool/core/redis_reading.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"
#include "support/private_redis.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#define NEED_REDIS()                                                           \
  if (!private_redis::available())                                             \
  SKIP("redis-server is not installed")

namespace caf_pool::test {

/// Far beyond what any call needs.
time_point soon();

/// A pool whose server listens on a port of this machine.
pool_config redis_config(std::uint16_t port);

pool_config redis_config(const private_redis& server);

/// As `redis_config`, by TLS with the server's certificate.
pool_config redis_tls_config(const private_redis& server);

/// Throws `pool_error` if an option is refused.
backend_ptr redis_backend_of(const pool_config& config);

result<connection_ptr> try_redis(const pool_config& config,
                                 time_point deadline = soon());

/// Throws `pool_error` if the server refuses.
std::unique_ptr<redis_connection> open_redis(const pool_config& config);

/// Returns the reply to one command.
result<redis_value> reply_of(connection& conn, redis_command command,
                             time_point deadline = soon());

/// The same as text; of an error its code, and the state in parentheses.
std::string text_of(connection& conn, redis_command command);

result<redis_replies> pipeline(connection& conn,
                               std::vector<redis_command> commands,
                               time_point deadline = soon());

result<redis_replies> transaction(connection& conn,
                                  std::vector<redis_command> commands,
                                  time_point deadline = soon());

/// Returns "invalid_argument (WRONGTYPE)", or "none" for success.
std::string outcome_of(const error& why);

template <class T>
std::string outcome_of(const result<T>& x) {
  return x ? "none" : outcome_of(x.error());
}

/// Tells how a session looks to the server: its user, database, name, flags and
/// all else that a holder can change.
std::string session_of(connection& conn);

} // namespace caf_pool::test

#pragma once

#include "caf_pool/backend/redis/redis_channel.hpp"
#include "caf_pool/backend/redis/redis_home.hpp"
#include "caf_pool/backend/redis/redis_options.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/stream/tls_context.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace caf_pool {

/// What a server tells at the login.
struct redis_greeting {
  /// The number of the connection; 0 if the server does not tell.
  std::int64_t id = 0;
  /// "redis" or "valkey".
  std::string server;
  std::string version;
  /// "master" or "replica"; empty if the server does not tell.
  std::string role;
  /// The version of RESP.
  int protocol = 2;
};

/// A connection that is logged in.
struct redis_session {
  std::unique_ptr<redis_channel> channel;
  redis_greeting greeting;
  /// How long the login took, which is one round trip or two.
  duration round_trip = duration::zero();
};

/// Returns the state in which each holder finds a connection.
redis_home home_of(const redis_options& options, int protocol);

/// Reads the reply to HELLO; none if it is another one.
std::optional<redis_greeting> read_greeting(const redis_value& reply);

/// Connects and logs in: HELLO with user, password and name, the database, and
/// who we are, in one round trip. A server that does not know HELLO (Redis 5)
/// is told the same by one command each.
///
/// Returns `open_timeout` at the deadline, `cancelled` when a stop is
/// requested, `open_refused` for a wrong password, a database that is not
/// there, or a certificate that is not trusted, and `open_failed` for what may
/// heal: nobody listens, too many clients, a server that loads its data.
///
/// Thread-safety: any thread at any time.
result<redis_session> redis_log_in(const redis_options& options,
                                   const std::shared_ptr<tls_context>& tls,
                                   const std::stop_token& called_off,
                                   time_point deadline);

/// Looks whether a server answers, without a login. Returns `open_failed` if
/// nobody listens, `connection_lost` if somebody does but takes no commands
/// yet, or `open_timeout`.
///
/// Thread-safety: any thread at any time.
result<void> redis_look(const redis_options& options,
                        const std::shared_ptr<tls_context>& tls,
                        time_point deadline);

} // namespace caf_pool

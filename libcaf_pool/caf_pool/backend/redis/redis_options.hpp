#pragma once

#include "caf_pool/backend/redis/redis_channel.hpp"
#include "caf_pool/backend/registry.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/secret.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/stream/stream_options.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// Which version of RESP a connection speaks.
enum class redis_protocol : std::uint8_t {
  /// The newest that the client library reads.
  automatic,
  resp2,
  resp3,
};

std::span<const std::string_view> names_of(redis_protocol);

/// Everything that a connection to a Redis server needs to know.
///
/// Thread-safety: a plain value.
struct redis_options {
  stream_options where;
  bool tls = false;
  tls_settings certificates;
  /// Empty: the server's user "default".
  std::string user;
  secret password;
  std::uint32_t database = 0;
  /// What the server's lists of clients show.
  std::string client_name;
  redis_protocol protocol = redis_protocol::automatic;
  redis_window window;
  /// What had no effect, or only reads, is tried once more after a loss.
  bool retry_on_timeout = true;
  /// How long the first try may take at most.
  duration attempt_timeout = std::chrono::seconds{1};
  /// The pool is for commands that block.
  bool blocking = false;
  /// How many connections there are for such commands beside a pool that is
  /// not; 0 for none.
  std::uint32_t blocking_connections = 8;
  /// How many connections are for commands of all callers; 0 for none.
  std::uint32_t shared_connections = 0;
  /// How many commands may be under way on one of them.
  std::uint32_t max_in_flight = 1000;
  std::uint64_t max_result_bytes = std::uint64_t{64} << 20;

  /// Returns where the server listens, for people.
  std::string place() const;

  /// Reads the options of a pool and appends what is wrong with them.
  static redis_options from(const pool_config& config,
                            std::vector<config_problem>& problems);
};

/// What a configuration file may say, with defaults.
std::vector<backend_option> redis_option_table();

} // namespace caf_pool

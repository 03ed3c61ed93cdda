#pragma once

#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_reading.hpp"
#include "caf_pool/core/redis_value.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace caf_pool::test {

/// A session with a server that does not know anything about pools: it writes
/// commands and reads replies of RESP2 and RESP3. An error reply is a
/// `redis_failure`.
///
/// Thread-safety: one thread at a time.
class raw_redis {
public:
  /// Connects to a unix socket. Throws `std::runtime_error` if nobody listens.
  explicit raw_redis(const std::string& socket);

  ~raw_redis();

  raw_redis(const raw_redis&) = delete;
  raw_redis& operator=(const raw_redis&) = delete;

  /// Throws `std::runtime_error` when the server has closed the connection or
  /// says nothing for a minute.
  redis_value run(const redis_command& command);

  template <class... Ts>
  redis_value operator()(std::string_view name, const Ts&... arguments) {
    return run(redis_command{name, arguments...});
  }

  void write(const redis_command& command);
  redis_value read();

private:
  char read_byte();
  std::string read_line();
  std::string read_bytes(std::size_t size);
  redis_array read_items(std::size_t count, redis_array::form as);

  int fd_ = -1;
  std::string in_;
  std::size_t at_ = 0;
};

/// Returns the text of an error reply; empty for any other reply.
std::string failure_of(const redis_value& reply);

} // namespace caf_pool::test

#pragma once

#include "caf_pool/backend/redis/redis_reader.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/stream/deadline_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace caf_pool {

/// How many commands are under way at the same time at most, so that neither
/// side has to keep all of a long pipeline in its memory.
struct redis_window {
  std::size_t commands = 1000;
  /// Of requests, in bytes.
  std::size_t bytes = std::size_t{1} << 20;
};

/// How an exchange with the server ended.
enum class redis_end : std::uint8_t {
  /// Every command has its reply.
  answered,
  /// The deadline passed.
  late,
  /// The server, or the network, ended the connection.
  lost,
  /// What came is no reply, or nobody asked for it.
  malformed,
  /// More bytes came than the caller wants to hold.
  too_large,
};

/// What an exchange brought.
struct redis_exchange {
  redis_end end = redis_end::answered;
  /// As many as there were, in the order of the commands.
  std::vector<redis_value> replies;
  /// How many commands went out, wholly or in part. What was not sent did not
  /// take effect.
  std::size_t sent = 0;
  /// Says what happened if not all are answered.
  std::string reason;
};

/// Commands and replies over a stream. Commands go out while replies come in,
/// with as many under way as the window allows.
///
/// An exchange that did not end with all replies leaves the channel of no use:
/// the replies that are due would pass for those of the next commands.
///
/// Thread-safety: one thread at a time, but for `abort`.
class redis_channel {
public:
  redis_channel(std::unique_ptr<deadline_stream> stream, redis_window window);

  /// Takes no more bytes of replies in an exchange; no limit by default.
  void limit_replies(std::uint64_t bytes) noexcept {
    max_result_bytes_ = bytes;
  }

  /// Sends commands and waits for all their replies.
  redis_exchange exchange(std::span<const redis_command> commands,
                          time_point deadline);

  /// Takes what has come since the last exchange, which may be pushes only,
  /// and sends nothing. A reply would pass for that of the next command, and
  /// what is sent to a server that has hung up gets none. About a microsecond.
  redis_exchange catch_up();

  /// Tells whether nothing has come and nobody hung up. No round trip, about a
  /// microsecond.
  bool quiet() noexcept;

  /// Ends a blocked exchange at once; from any thread.
  void abort() noexcept {
    stream_->abort();
  }

  void close(time_point deadline) noexcept {
    stream_->close(deadline);
  }

  std::string describe() const {
    return stream_->describe();
  }

  /// The server turned this client away by TLS.
  bool refused() const noexcept {
    return stream_->refused();
  }

private:
  struct progress;

  bool send_more(progress& now);
  bool read_more(progress& now);
  stream_wait read_what_is_there(progress& now);
  bool take(progress& now, std::size_t count);
  bool collect(progress& now);
  bool fail(progress& now, stream_wait how);

  std::unique_ptr<deadline_stream> stream_;
  redis_window window_;
  std::uint64_t max_result_bytes_ = std::numeric_limits<std::uint64_t>::max();
  redis_reader reader_;
  std::string out_;
  std::vector<char> room_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/redis/redis_channel.hpp"
#include "caf_pool/backend/redis/redis_unblocker.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/bell.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace caf_pool {

/// Lets one connection wait for what others do, and ends that in time.
///
/// The wait ends when the server's own limit is over by 0.1 s and a round trip
/// (servers lose theirs at times), at the caller's deadline, or by `stop`. Then
/// the server is asked to unblock the connection, and the reply is read: it is
/// what the server says when the time is over, or what came at that moment,
/// which is not lost. If no reply comes within `grace`, the exchange ends as
/// `late`, and the connection is of no use any more.
///
/// The thread that waits asks by itself, so that no request arrives later and
/// hits the next command.
///
/// Thread-safety: one thread at a time, but for `stop`.
class redis_blocker {
public:
  /// How long a wait may outlast its end until the reply is there.
  static constexpr duration grace = std::chrono::milliseconds{500};

  /// `client` is the number that the server has given the connection.
  redis_blocker(std::shared_ptr<redis_unblocker> unblocker, std::int64_t client,
                duration round_trip);

  /// Sends a command that blocks, and waits for its reply.
  redis_exchange wait(redis_channel& channel, const redis_command& command,
                      time_point deadline);

  /// Ends the wait that goes on in another thread, if there is one. Does not
  /// wait itself.
  void stop() noexcept;

private:
  /// Returns until when to wait for a reply after the end of the time.
  std::optional<time_point> ask_server(time_point& end);

  std::shared_ptr<redis_unblocker> unblocker_;
  std::int64_t client_;
  duration round_trip_;
  /// Why the server could not be asked; empty if it was.
  std::string problem_;
  std::mutex mtx_;
  /// What a wait listens to; null while there is none.
  std::shared_ptr<bell> bell_;
};

} // namespace caf_pool

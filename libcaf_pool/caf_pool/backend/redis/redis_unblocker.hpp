#pragma once

#include "caf_pool/backend/redis/redis_login.hpp"
#include "caf_pool/backend/redis/redis_target.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <memory>
#include <mutex>

namespace caf_pool {

/// Ends the waiting of other connections to a server (CLIENT UNBLOCK), over a
/// connection of its own, which it opens for the first time that is needed and
/// keeps.
///
/// Thread-safety: all members from any thread; one call at a time is served.
class redis_unblocker {
public:
  explicit redis_unblocker(redis_target where);

  redis_unblocker(const redis_unblocker&) = delete;
  redis_unblocker& operator=(const redis_unblocker&) = delete;

  ~redis_unblocker();

  /// Makes the server answer a blocked command as if its time were over. Tells
  /// whether that connection was blocked: if not, the reply is on its way, or
  /// the server has not got the command yet.
  ///
  /// An error says that the server was not asked, or may not have been.
  result<bool> unblock(std::int64_t client, time_point deadline);

private:
  result<void> connect(time_point deadline);

  redis_target where_;
  std::timed_mutex mtx_;
  /// None before the first call and after a loss.
  redis_session session_;
};

} // namespace caf_pool

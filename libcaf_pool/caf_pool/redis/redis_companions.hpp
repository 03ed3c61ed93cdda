#pragma once

#include "caf_pool/redis/redis_pool.hpp"
#include "caf_pool/redis/redis_subscriber.hpp"

#include <memory>
#include <mutex>

namespace caf_pool {

/// What a pool of Redis has beside its own connections, made when it is needed.
///
/// Thread-safety: all members from any thread. What they return lives as long
/// as this.
class redis_companions {
public:
  /// Returns the pool for blocking commands.
  result<pool<redis_connection>*> blocking(const any_pool& owner);

  redis_subscriber& subscriber(const any_pool& owner);

  /// Returns null if nobody asked for one.
  redis_subscriber* present_subscriber() const;

  /// Takes no more callers for blocking commands.
  result<void> drain(duration limit);

private:
  mutable std::mutex mtx_;
  std::unique_ptr<pool<redis_connection>> blocking_;
  std::unique_ptr<redis_subscriber> subscriber_;
  bool drained_ = false;
};

} // namespace caf_pool

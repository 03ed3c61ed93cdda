#pragma once

#include "caf_pool/redis.hpp"
#include "caf_pool/redis_cache.hpp"

#include "support/eventually.hpp"
#include "support/private_redis.hpp"

#include <atomic>
#include <cstdint>
#include <future>
#include <string>
#include <utility>

namespace caf_pool::test {

inline backend_spec<redis_connection> cache_spec(const private_redis& server,
                                                 std::uint32_t size = 4) {
  using namespace std::chrono_literals;
  auto result = redis("unix://" + server.socket_path()).size(size);
  // A busy machine is slower than any cache should be.
  result.config.acquire_timeout = 60s;
  result.config.execute_timeout = 60s;
  result.config.open_timeout = 60s;
  // A thousand callers may wait: none of them is to go without the server.
  result.config.max_waiters = 10'000;
  result.config.shed_overload = false;
  return result;
}

inline cache_options patient(cache_options x = {}) {
  x.budget = std::chrono::minutes{1};
  x.lock_ttl = std::chrono::minutes{5};
  return x;
}

/// A cache with a pool of its own, as another process would have.
struct one_cache {
  explicit one_cache(const private_redis& server,
                     cache_options options = patient())
    : connections(cache_spec(server)), cache(connections, std::move(options)) {
    // nop
  }

  pool<redis_connection> connections;
  redis_cache cache;
};

/// A cache of the shared server, which is emptied.
struct fresh_cache : one_cache {
  explicit fresh_cache(cache_options options = patient())
    : one_cache(emptied(), std::move(options)) {
    // nop
  }

  static private_redis& emptied() {
    auto& server = private_redis::shared();
    server.query({"FLUSHALL"});
    return server;
  }
};

/// Something that a computation waits for.
class gate {
public:
  void open() {
    promise_.set_value();
  }

  void wait() {
    ++inside_;
    future_.wait();
  }

  /// Waits until `n` have come to it.
  bool has(int n) const {
    return eventually([&] { return inside_ >= n; });
  }

private:
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
  std::atomic<int> inside_ = 0;
};

inline error no_source() {
  return {errc::connection_lost, "the source is down", ""};
}

} // namespace caf_pool::test

#pragma once

#include "caf_pool/redis.hpp"

#include "support/eventually.hpp"
#include "support/private_redis.hpp"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <vector>

namespace caf_pool::test {

/// Far more than any subscription needs.
inline constexpr duration plenty = std::chrono::seconds{60};

inline backend_spec<redis_connection> news_spec(const private_redis& server) {
  using namespace std::chrono_literals;
  auto result = redis("unix://" + server.socket_path());
  result.config.open_timeout = 60s;
  // Nothing but a test of silence is to be noticed by it.
  result.config.health_check_interval = 60s;
  result.config.health_check_timeout = 60s;
  result.config.retry.start = 20ms;
  result.config.retry.cap = 50ms;
  return result;
}

/// Keeps all that it hears.
struct reader {
  std::mutex mtx;
  std::vector<redis_message> messages;
  std::vector<redis_gap> gaps;
  /// How many messages there were at each gap.
  std::vector<std::size_t> gaps_at;

  redis_listener listener() {
    return {[this](const redis_message& x) {
              std::lock_guard guard{mtx};
              messages.push_back(x);
            },
            [this](const redis_gap& x) {
              std::lock_guard guard{mtx};
              gaps.push_back(x);
              gaps_at.push_back(messages.size());
            }};
  }

  std::size_t heard() {
    std::lock_guard guard{mtx};
    return messages.size();
  }

  std::size_t missed() {
    std::lock_guard guard{mtx};
    return gaps.size();
  }

  bool hears(std::size_t count) {
    return eventually([&] { return heard() >= count; });
  }

  bool misses(std::size_t count) {
    return eventually([&] { return missed() >= count; });
  }
};

} // namespace caf_pool::test

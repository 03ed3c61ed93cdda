#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/lru.hpp"
#include "caf_pool/core/time.hpp"

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace caf_pool {

/// Remembers for a time for which keys computing failed, so that it is not
/// tried again with each call. Of many failures the latest are remembered.
///
/// Thread-safety: any thread may call it.
class failure_memory {
public:
  void add(const std::string& key, error why, time_point until) {
    std::unique_lock guard{mutex_};
    failures_.insert({key, std::move(why), until});
  }

  void forget(const std::string& key) {
    std::unique_lock guard{mutex_};
    failures_.take(key);
  }

  /// Returns why computing failed of late.
  std::optional<error> find(const std::string& key, time_point now) {
    std::unique_lock guard{mutex_};
    auto* x = failures_.find(key);
    if (x == nullptr)
      return std::nullopt;
    if (x->until > now)
      return x->why;
    failures_.take(key);
    return std::nullopt;
  }

private:
  struct failure {
    std::string key;
    error why;
    time_point until;
  };

  static constexpr std::size_t capacity = 1000;

  std::mutex mutex_;
  lru<failure, &failure::key> failures_{capacity};
};

} // namespace caf_pool

#pragma once

#include "caf_pool/cache/cached.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace caf_pool {

/// What a cache did since it was made.
///
/// Thread-safety: a plain value.
struct cache_stats {
  /// Answers by their state.
  std::uint64_t hits = 0;
  std::uint64_t stale = 0;
  std::uint64_t negative = 0;
  std::uint64_t misses = 0;
  std::uint64_t computed = 0;
  std::uint64_t unavailable = 0;
  /// Answers, hits as a rule, that needed no round trip.
  std::uint64_t local = 0;
  /// Calls that ended with an error: computing failed, or took too long.
  std::uint64_t failed = 0;

  std::uint64_t computations = 0;
  std::uint64_t computations_failed = 0;
  /// Calls that shared what another caller computed, and those that do now.
  std::uint64_t shared = 0;
  std::uint64_t waiting = 0;
  /// Computations that came before the time to live had ended.
  std::uint64_t early = 0;

  /// Requests to Redis that failed, and the last one's error.
  std::uint64_t errors = 0;
  error last_error = {};
  /// Values that were not Redis's or not this cache's to read.
  std::uint64_t malformed = 0;
  /// Values that were not stored: too large, or erased meanwhile.
  std::uint64_t too_large = 0;
  std::uint64_t overtaken = 0;
};

/// The same while it is counted.
///
/// Thread-safety: any thread may call it.
class cache_counters {
public:
  using counter = std::atomic<std::uint64_t>;

  counter local = 0;
  counter failed = 0;
  counter computations = 0;
  counter computations_failed = 0;
  counter shared = 0;
  counter early = 0;
  counter malformed = 0;
  counter too_large = 0;
  counter overtaken = 0;

  void count(cache_state x) noexcept {
    states_[static_cast<std::size_t>(x)].fetch_add(1,
                                                   std::memory_order_relaxed);
  }

  void count(const error& why) {
    std::unique_lock guard{mutex_};
    ++errors_;
    last_error_ = why;
  }

  cache_stats read() const {
    auto of = [this](cache_state x) {
      return states_[static_cast<std::size_t>(x)].load();
    };
    auto result = cache_stats{};
    result.hits = of(cache_state::hit);
    result.stale = of(cache_state::stale);
    result.negative = of(cache_state::negative);
    result.misses = of(cache_state::miss);
    result.computed = of(cache_state::computed);
    result.unavailable = of(cache_state::unavailable);
    result.local = local;
    result.failed = failed;
    result.computations = computations;
    result.computations_failed = computations_failed;
    result.shared = shared;
    result.early = early;
    result.malformed = malformed;
    result.too_large = too_large;
    result.overtaken = overtaken;
    std::unique_lock guard{mutex_};
    result.errors = errors_;
    result.last_error = last_error_;
    return result;
  }

private:
  std::array<counter, 6> states_{};
  mutable std::mutex mutex_;
  std::uint64_t errors_ = 0;
  error last_error_;
};

} // namespace caf_pool

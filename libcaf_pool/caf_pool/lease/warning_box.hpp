#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/sql_result.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace caf_pool {

/// Holds what a pool's server warned of until the pool's actor tells it. Keeps
/// few, because nobody waits for them.
///
/// Thread-safety: all members from any thread.
class warning_box {
public:
  static constexpr std::size_t capacity = 16;

  struct warning {
    connection_id connection;
    sql_warning what;
  };

  struct contents {
    std::vector<warning> kept;
    /// Those that found no room.
    std::uint64_t left_out = 0;
  };

  void put(connection_id from, const std::vector<sql_warning>& warnings);

  /// Takes everything that came since the last time.
  contents take();

  /// Takes no lock.
  bool empty() const noexcept {
    return !filled_.load(std::memory_order_relaxed);
  }

  /// How many came in all.
  std::uint64_t count() const noexcept {
    return count_.load(std::memory_order_relaxed);
  }

private:
  std::mutex mutex_;
  contents contents_;
  std::atomic<bool> filled_{false};
  std::atomic<std::uint64_t> count_{0};
};

} // namespace caf_pool

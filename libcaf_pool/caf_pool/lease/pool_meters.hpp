#pragma once

#include "caf_pool/core/histogram.hpp"
#include "caf_pool/lease/warning_box.hpp"

#include <atomic>
#include <cstdint>

namespace caf_pool {

/// What all connections of a pool measure together.
///
/// Thread-safety: all members from any thread.
struct pool_meters {
  histogram wait_time;
  histogram open_time;
  histogram execute_time;
  /// Of leases that the machine knew; the front samples its own.
  histogram use_time;
  std::atomic<std::uint64_t> executed{0};
  std::atomic<std::uint64_t> execute_errors{0};
  /// Statements that were not sent, because others were more likely to be done
  /// in time.
  std::atomic<std::uint64_t> turned_away{0};
  warning_box warnings;
};

} // namespace caf_pool

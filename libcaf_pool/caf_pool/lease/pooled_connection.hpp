#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/core/histogram.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/lease/warning_box.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

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

/// A connection and what belongs to it while a pool has it. Whoever holds the
/// lease uses it alone.
struct pooled_connection {
  connection_id id;
  connection_ptr object;
  /// Outlive the connection, whatever happens to the pool.
  std::shared_ptr<pool_meters> meters;
  /// Changes while it is held, too.
  std::atomic<duration> execute_timeout{std::chrono::seconds{60}};
  /// Why the last holder discarded it; read after it came back.
  std::string discarded_because;

  /// Runs a statement and measures it.
  result<sql_result> execute(const sql_statement& what, time_point deadline);

  /// Runs a statement that stands for itself: an error if it leaves a
  /// transaction open, which is rolled back.
  result<sql_result> execute_alone(const sql_statement& what,
                                   time_point deadline);

  /// Runs all or none of the statements. A single one needs no transaction.
  result<std::vector<sql_result>> execute_all(
    const std::vector<sql_statement>& statements, time_point deadline);
};

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/core/ids.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace caf_pool {

struct pool_meters;

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

  /// Does what the backend understands, statements by the rules above. Only a
  /// holder may leave a transaction open for its next call.
  result<outcome> run(const work& what, bool for_holder, time_point deadline);

private:
  template <class F>
  std::invoke_result_t<F> measured(F&& call);
};

} // namespace caf_pool

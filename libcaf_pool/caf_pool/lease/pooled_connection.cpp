#include "caf_pool/lease/pooled_connection.hpp"

namespace caf_pool {

result<sql_result> pooled_connection::execute(const sql_statement& what,
                                              time_point deadline) {
  auto start = clock::now();
  auto answer = object->execute(what, deadline);
  meters->execute_time.record(clock::now() - start);
  meters->executed.fetch_add(1, std::memory_order_relaxed);
  if (!answer)
    meters->execute_errors.fetch_add(1, std::memory_order_relaxed);
  return answer;
}

result<std::vector<sql_result>> pooled_connection::execute_all(
  const std::vector<sql_statement>& statements, time_point deadline) {
  std::vector<sql_result> results;
  results.reserve(statements.size());
  auto transaction = statements.size() > 1;
  if (transaction)
    if (auto begun = execute("BEGIN", deadline); !begun)
      return begun.error();
  for (auto& statement : statements) {
    auto answer = execute(statement, deadline);
    if (!answer) {
      if (transaction && object->state() != trace::broken)
        (void) execute("ROLLBACK", deadline); // the reset does it otherwise
      return answer.error();
    }
    results.push_back(*std::move(answer));
  }
  if (transaction)
    if (auto done = execute("COMMIT", deadline); !done)
      return done.error();
  return results;
}

} // namespace caf_pool

#include "caf_pool/lease/pooled_connection.hpp"

#include "caf_pool/lease/own_transaction.hpp"
#include "caf_pool/lease/pool_meters.hpp"

#include <new>
#include <utility>

namespace caf_pool {

// Gives the connection up if memory runs out: what the backend did until then
// is not known, nor what waits in it.
template <class F>
std::invoke_result_t<F> pooled_connection::measured(F&& call) {
  auto start = clock::now();
  auto answer = [&]() -> std::invoke_result_t<F> {
    try {
      return call();
    } catch (const std::bad_alloc& ex) {
      object->abort();
      return backend_threw(ex);
    }
  }();
  meters->execute_time.record(clock::now() - start);
  meters->executed.fetch_add(1, std::memory_order_relaxed);
  if (!answer)
    meters->execute_errors.fetch_add(1, std::memory_order_relaxed);
  return answer;
}

result<sql_result> pooled_connection::execute(const sql_statement& what,
                                              time_point deadline) {
  auto answer = measured([&] { return object->execute(what, deadline); });
  if (answer && !answer->warnings.empty()) [[unlikely]]
    meters->warnings.put(id, answer->warnings);
  return answer;
}

result<sql_result> pooled_connection::execute_alone(const sql_statement& what,
                                                    time_point deadline) {
  auto answer = execute(what, deadline);
  auto left_open = open_end_of(*this);
  if (answer && left_open)
    return left_open;
  return answer;
}

result<std::vector<sql_result>> pooled_connection::execute_all(
  const std::vector<sql_statement>& statements, time_point deadline) {
  std::vector<sql_result> results;
  results.reserve(statements.size());
  if (is_open(object->transaction()))
    return already_open();
  if (statements.size() == 1) {
    auto answer = execute_alone(statements.front(), deadline);
    if (!answer)
      return answer.error();
    results.push_back(*std::move(answer));
  }
  if (statements.size() <= 1)
    return results;
  auto all = own_transaction{*this};
  if (auto begun = all.begin(deadline); !begun)
    return begun.error();
  for (auto& statement : statements) {
    auto answer = all.execute(statement, deadline);
    if (!answer) {
      all.roll_back();
      return answer.error();
    }
    results.push_back(*std::move(answer));
  }
  if (auto done = all.commit(deadline); !done)
    return done.error();
  return results;
}

result<outcome> pooled_connection::run(const work& what, bool for_holder,
                                       time_point deadline) {
  auto* sql = std::get_if<sql_batch>(&what.what);
  if (sql == nullptr)
    return measured([&] { return object->run(what, deadline); });
  auto& statements = sql->statements;
  if (for_holder && statements.size() == 1) {
    auto answer = execute(statements.front(), deadline);
    if (!answer)
      return answer.error();
    std::vector<sql_result> results;
    results.push_back(*std::move(answer));
    return outcome{std::move(results)};
  }
  auto results = execute_all(statements, deadline);
  if (!results)
    return results.error();
  return outcome{*std::move(results)};
}

} // namespace caf_pool

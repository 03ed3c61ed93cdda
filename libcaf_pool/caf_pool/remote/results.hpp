#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/work.hpp"

#include <utility>
#include <vector>

namespace caf_pool {

/// Returns the results of statements, or why there are none.
inline result<std::vector<sql_result>> results_of(result<outcome> x) {
  if (!x)
    return x.error();
  auto* results = std::get_if<std::vector<sql_result>>(&x->value);
  if (results == nullptr)
    return error{errc::protocol_mismatch,
                 "the node answered statements with something else",
                 {}};
  return std::move(*results);
}

/// Returns the only result.
inline result<sql_result> only_result_of(result<outcome> x) {
  auto results = results_of(std::move(x));
  if (!results)
    return results.error();
  if (results->size() != 1)
    return error{errc::internal, "the node sent no result", {}};
  return std::move(results->front());
}

} // namespace caf_pool

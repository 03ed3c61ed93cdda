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

} // namespace caf_pool

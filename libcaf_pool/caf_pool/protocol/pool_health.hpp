#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/pool_snapshot.hpp"

#include <string>
#include <vector>

namespace caf_pool {

/// How a pool does, in short.
struct pool_health {
  std::string name;
  pool_status status = pool_status::down;
  /// Whether the node counts as down when this pool is.
  bool required = true;
  /// Why the status is not `up`; empty otherwise.
  std::vector<std::string> reasons;
  /// The last failure of opening or probing; `none` after a success.
  error last_error;

  friend bool operator==(const pool_health&, const pool_health&) = default;
};

inline pool_health health_of(const pool_snapshot& x) {
  return {x.name, x.status, x.required, x.reasons, x.last_error};
}

} // namespace caf_pool

#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/core/pool_config.hpp"

#include <utility>

namespace caf_pool {

/// A server and how to pool it, as `postgres(...)` and `sqlite(...)` return it.
/// Change `config` before making a pool of it.
template <class Connection>
struct backend_spec {
  pool_config config;
  /// Null if the server's description was refused: the pool then says why.
  backend_ptr backend;
  /// Why it was refused.
  error why = {};

  /// Sets the size, the most common setting of all.
  backend_spec size(std::uint32_t max) && {
    config.max_size = max;
    config.min_size = config.min_size < max ? config.min_size : max;
    return std::move(*this);
  }
};

} // namespace caf_pool

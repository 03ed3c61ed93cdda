#pragma once

#include "caf_pool/pool.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace caf_pool::bench {

/// Returns a pool whose connections are all open. Throws `std::runtime_error`.
template <class Connection>
pool<Connection> make_warm_pool(backend_spec<Connection> spec) {
  spec.config.min_size = spec.config.max_size;
  spec.config.warm_up = warm_up_policy::to_min;
  auto result = pool{std::move(spec)};
  if (auto ready = result.warm_up(std::chrono::seconds{30}); !ready)
    throw std::runtime_error{to_string(ready.error())};
  return result;
}

} // namespace caf_pool::bench

#pragma once

#include "caf_pool/any_pool.hpp"
#include "caf_pool/backend/testing/scripted.hpp"

#include <stdexcept>

namespace caf_pool::bench {

/// Returns a pool of `size` open connections to a server that costs nothing, so
/// that only the pool is measured.
inline any_pool make_idle_pool(std::uint32_t size) {
  pool_config config;
  config.max_size = size;
  config.min_size = size;
  config.warm_up = warm_up_policy::to_min;
  auto result = any_pool{config, std::make_shared<scripted_backend>()};
  if (auto ready = result.warm_up(std::chrono::seconds{10}); !ready)
    throw std::runtime_error{to_string(ready.error())};
  return result;
}

} // namespace caf_pool::bench

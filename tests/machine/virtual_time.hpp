#pragma once

#include "caf_pool/core/time.hpp"

namespace caf_pool {

/// The tests' clock starts an hour after the clock's zero.
constexpr time_point at(duration x) {
  return time_point{} + std::chrono::hours{1} + x;
}

} // namespace caf_pool

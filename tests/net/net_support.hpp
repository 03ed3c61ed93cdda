#pragma once

#include "caf_pool/core/time.hpp"

#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <chrono>

namespace caf_pool::test {

using namespace std::chrono_literals;

inline time_point soon(duration x = patience) {
  return clock::now() + x;
}

/// The longest time that something may take which ends by itself; what hangs
/// takes longer.
inline constexpr duration no_hang = 2 * patience;

/// Measures how long something takes.
template <class F>
duration time_of(F&& f) {
  auto started = clock::now();
  f();
  return clock::now() - started;
}

} // namespace caf_pool::test

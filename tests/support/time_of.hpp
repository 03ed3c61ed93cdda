#pragma once

#include "caf_pool/core/time.hpp"

#include "support/eventually.hpp"

namespace caf_pool::test {

/// The longest time that something may take which ends by itself. Far below
/// what it would take otherwise: statements sleep for minutes, frozen servers
/// do not thaw.
inline constexpr duration no_hang = 2 * patience;

/// Measures how long something takes.
template <class F>
duration time_of(F&& f) {
  auto started = clock::now();
  f();
  return clock::now() - started;
}

} // namespace caf_pool::test

#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/core/time.hpp"

#include <algorithm>

namespace caf_pool {

/// Returns when the first try of work that stands for itself has to end. Work
/// that may be repeated after a timeout has at most half of its time for that.
inline time_point end_of_first_try(const connection& on, const work& what,
                                   time_point now, time_point deadline) {
  if (deadline <= now || !on.may_repeat(what, errc::execute_timeout))
    return deadline;
  auto half = (deadline - now) / 2;
  return now + std::min(on.first_try_limit(), half);
}

/// Tells whether work that failed may have its second try: some time is left,
/// and its connection says that it does no harm.
inline bool has_second_try(const connection& on, const work& what, errc why,
                           time_point now, time_point deadline) {
  return now < deadline && on.may_repeat(what, why);
}

} // namespace caf_pool

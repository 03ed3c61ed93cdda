#include "caf_pool/machine/codel.hpp"

#include <algorithm>

namespace caf_pool {

void codel::observe(duration waited) noexcept {
  shortest_ = std::min(waited, shortest_.value_or(waited));
}

void codel::advance(duration head_wait, time_point now) noexcept {
  if (now < interval_end_)
    return;
  // Nothing is known before the first interval.
  auto first = interval_end_ == time_point::min();
  // Waits from before a quiet time say nothing about now.
  if (!first && now - interval_end_ >= interval_)
    shortest_.reset();
  slow_ = !first && shortest_.value_or(head_wait) > target_;
  shortest_.reset();
  interval_end_ = add_saturated(now, interval_);
}

} // namespace caf_pool

#include "caf_pool/machine/policy/codel.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

/// For so many intervals callers that were turned away count.
constexpr int memory = 15;

/// Fewer than one of so many callers turned away are no overload.
constexpr std::uint64_t tolerated = 8;

} // namespace

void codel::observe(duration waited) noexcept {
  shortest_ = std::min(waited, shortest_.value_or(waited));
  ++served_;
}

void codel::observe_empty() noexcept {
  shortest_ = duration::zero();
}

void codel::advance(duration head_wait, time_point now) noexcept {
  if (now < interval_end_)
    return;
  // Nothing is known before the first interval.
  auto first = interval_end_ == time_point::min();
  // What was before a quiet time, or before the first one who had to wait, says
  // nothing about now.
  if (first || now - interval_end_ >= interval_) {
    shortest_.reset();
    served_ = refused_ = 0;
  }
  if (refused_ > 0 && refused_ * tolerated >= served_ + refused_)
    pressed_until_ = add_saturated(now, memory * interval_);
  slow_
    = !first && shortest_.value_or(head_wait) > target_ && now < pressed_until_;
  shortest_.reset();
  served_ = refused_ = 0;
  interval_end_ = add_saturated(now, interval_);
}

} // namespace caf_pool

#include "caf_pool/machine/policy/use_time.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

/// How long an estimate is worth something without a new sample; at least so
/// many times the estimate itself.
constexpr duration remembered_for = std::chrono::seconds{10};
constexpr int uses_of_memory = 4;

/// Uses are not shorter than this: an estimate next to nothing would take long
/// to grow.
constexpr duration shortest = std::chrono::microseconds{100};

/// A sample above moves the estimate by three of these parts, one below by one.
constexpr int parts = 16;
constexpr int up = 3;

} // namespace

void use_time::note(duration took, time_point now) noexcept {
  took = std::max(took, shortest);
  auto known = typical(now);
  auto part = known / parts + duration{1};
  if (known == duration::zero())
    estimate_ = took;
  else if (took > known)
    estimate_ = std::min(known + up * part, took);
  else
    estimate_ = std::max(known - part, took);
  noted_at_ = now;
}

duration use_time::typical(time_point now) const noexcept {
  auto worth = std::max(remembered_for, uses_of_memory * estimate_);
  return now - noted_at_ <= worth ? estimate_ : duration::zero();
}

} // namespace caf_pool

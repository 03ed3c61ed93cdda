#include "caf_pool/machine/policy/call_window.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

constexpr auto slice_count = static_cast<std::int64_t>(call_window::slices);

duration slice_width_of(duration width) noexcept {
  return std::max(width / slice_count, duration{1});
}

} // namespace

call_window::call_window(duration width) noexcept
  : slice_width_(slice_width_of(width)) {
  // nop
}

void call_window::add(const counts& x, time_point now) noexcept {
  auto number = number_of(now);
  auto& current = ring_[static_cast<std::size_t>(number % slice_count)];
  if (current.number != number)
    current = slice{number, {}};
  current.content.calls += x.calls;
  current.content.failures += x.failures;
  current.content.slow += x.slow;
}

call_window::counts call_window::sum(time_point now) const noexcept {
  auto newest = number_of(now);
  counts result;
  for (auto& x : ring_) {
    if (x.number > newest - slice_count && x.number <= newest) {
      result.calls += x.content.calls;
      result.failures += x.content.failures;
      result.slow += x.content.slow;
    }
  }
  return result;
}

void call_window::clear() noexcept {
  ring_ = {};
}

void call_window::resize(duration width) noexcept {
  if (slice_width_of(width) == slice_width_)
    return;
  slice_width_ = slice_width_of(width);
  clear();
}

std::int64_t call_window::number_of(time_point now) const noexcept {
  auto since = std::max(now.time_since_epoch(), duration::zero());
  return since / slice_width_;
}

} // namespace caf_pool

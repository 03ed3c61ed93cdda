#include "caf_pool/protocol/messages.hpp"

#include <algorithm>

namespace caf_pool::wire {

namespace {

constexpr std::int64_t ten_years_us = 10ll * 366 * 24 * 3600 * 1'000'000;

} // namespace

std::int64_t to_us(duration x) noexcept {
  if (x <= duration::zero())
    return 0;
  auto whole = std::chrono::duration_cast<std::chrono::microseconds>(x).count();
  return std::clamp<std::int64_t>(whole, 1, ten_years_us);
}

duration from_us(std::int64_t x) noexcept {
  return std::chrono::microseconds{
    std::clamp<std::int64_t>(x, 0, ten_years_us)};
}

} // namespace caf_pool::wire

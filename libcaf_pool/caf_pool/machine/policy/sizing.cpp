#include "caf_pool/machine/policy/sizing.hpp"

#include <limits>

namespace caf_pool {

namespace {

constexpr auto plenty = std::numeric_limits<std::uint32_t>::max();

/// Subtracts, but not below zero.
constexpr std::uint32_t less(std::uint32_t x, std::uint32_t y) noexcept {
  return x > y ? x - y : 0;
}

/// Returns how many leases will come back while a connection is being opened.
std::uint32_t coming_back(const sizing_input& x) noexcept {
  auto rounds = static_cast<std::uint64_t>(x.typical_open / x.typical_use);
  if (x.leased != 0 && rounds > plenty / x.leased)
    return plenty;
  return static_cast<std::uint32_t>(rounds * x.leased);
}

/// Returns how many waiters nothing that is under way will serve.
std::uint32_t missing(const sizing_input& x) noexcept {
  return less(x.waiting, x.opening + x.idle + x.busy);
}

bool has_forecast(const sizing_input& x) noexcept {
  return x.typical_use > duration::zero() && x.typical_open > duration::zero();
}

/// Tells whether the leases that come back are expected to suffice.
bool is_relieved(const sizing_input& x) noexcept {
  return has_forecast(x) && missing(x) <= coming_back(x);
}

/// Returns how many openings the waiters are worth.
std::uint32_t for_waiters(const sizing_input& x) noexcept {
  auto wanted = missing(x);
  if (wanted == 0 || x.serving() == 0)
    return wanted;
  if (is_relieved(x) && x.queued_for < x.typical_open)
    return 0;
  if (is_relieved(x) || !has_forecast(x))
    return less(1, x.opening);
  return wanted - coming_back(x);
}

} // namespace

std::uint32_t connections_to_open(const sizing_input& x) noexcept {
  if (!x.may_open)
    return 0;
  auto at_a_time = x.ramping ? std::min(x.open_concurrency, x.ramp_limit)
                             : x.open_concurrency;
  auto for_min = less(x.min, x.serving() + x.opening);
  return std::min({std::max(for_min, for_waiters(x)), less(x.max, x.total()),
                   less(at_a_time, x.opening)});
}

duration forecast_left(const sizing_input& x) noexcept {
  auto waits = x.may_open && missing(x) > 0 && is_relieved(x)
               && x.queued_for < x.typical_open && x.total() < x.max;
  return waits ? x.typical_open - x.queued_for : duration::max();
}

overdue_connections connections_to_retire(const sizing_input& x,
                                          const overdue_connections& overdue,
                                          std::uint32_t limit) noexcept {
  if (x.waiting > 0)
    return {};
  auto allowed = std::min(limit, less(x.serving(), x.min));
  auto overflow = std::min(overdue.overflow, allowed);
  return {overflow, std::min(overdue.regular, allowed - overflow)};
}

} // namespace caf_pool

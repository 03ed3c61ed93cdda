#include "caf_pool/machine/sizing.hpp"

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

/// Returns how many openings the waiters are worth.
std::uint32_t for_waiters(const sizing_input& x) noexcept {
  auto missing = less(x.waiting, x.opening + x.idle + x.busy);
  if (missing == 0 || x.serving() == 0)
    return missing;
  auto one_at_a_time = less(1, x.opening);
  if (x.typical_use <= duration::zero() || x.typical_open <= duration::zero())
    return one_at_a_time;
  auto relief = coming_back(x);
  if (missing > relief)
    return missing - relief;
  return x.queued_for < x.typical_open ? 0 : one_at_a_time;
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

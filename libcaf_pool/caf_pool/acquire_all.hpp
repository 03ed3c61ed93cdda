#pragma once

#include "caf_pool/any_pool.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <source_location>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace caf_pool {

/// How several connections are wanted, and where in the program. Converts from
/// a time to wait, or from the options of a single acquire.
struct acquire_all_options {
  /// Holds for each connection, but `wait` for all of them together; without
  /// one, the shortest `acquire_timeout` of the pools.
  acquire_options each;
  std::source_location at;

  acquire_all_options(const acquire_options& x = {},
                      const std::source_location& here
                      = std::source_location::current())
    : each(x), at(here) {
    // nop
  }

  template <class Rep, class Period>
  acquire_all_options(std::chrono::duration<Rep, Period> wait,
                      const std::source_location& here
                      = std::source_location::current())
    : at(here) {
    each.wait = wait;
  }
};

/// The kind of lease that a pool gives.
template <class Pool>
using lease_from =
  typename decltype(std::declval<Pool&>().acquire())::value_type;

/// Takes a connection of each pool, or none: for work that needs several at the
/// same time. Returns the leases in the order of the pools.
///
/// ~~~
/// auto held = caf_pool::acquire_all(2s, orders, stock);
/// if (!held)
///   return held.error(); // names the pool that was short
/// auto& [order, item] = *held;
/// ~~~
///
/// Callers that each hold what the other wants would wait for ever. Here they
/// cannot, because all of them ask in one order: by the pools' names, and by
/// address among pools of the same name. Whoever waits for a pool holds only
/// connections of earlier ones; so whoever waits for the last pool in that
/// order waits for holders that wait for nothing. See J. W. Havender, "Avoiding
/// deadlock in multitasking systems" (IBM Systems Journal 7:2, 1968).
///
/// A pool may be given several times. One caller at a time collects several
/// connections of the same pool, or two could hold a part of it each. Objects
/// that joined the same pool must have the same name for it.
///
/// Requires that the thread holds no lease of these pools: the order cannot
/// cover what was acquired before. Nothing is held for ever then, either, but
/// both sides end at their deadline.
///
/// Returns the error of the pool that was short, with its name; what was taken
/// before is given back. Returns `invalid_argument` if more connections of one
/// pool are wanted than it may have. Thread-safety: from any thread; blocks.
template <class... Pools>
requires(sizeof...(Pools) > 0 && (std::derived_from<Pools, any_pool> && ...))
  result<std::tuple<lease_from<Pools>...>> acquire_all(
    const acquire_all_options& how, Pools&... pools);

/// The same for any number of pools.
result<std::vector<lease>> acquire_all(const acquire_all_options& how,
                                       std::span<any_pool* const> pools);

template <class... Pools>
requires(sizeof...(Pools) > 0 && (std::derived_from<Pools, any_pool> && ...))
  result<std::tuple<lease_from<Pools>...>> acquire_all(
    const acquire_all_options& how, Pools&... pools) {
  using leases = std::tuple<lease_from<Pools>...>;
  auto wanted = std::array<any_pool*, sizeof...(Pools)>{&pools...};
  auto held = acquire_all(how, std::span<any_pool* const>{wanted});
  if (!held)
    return held.error();
  return [&held]<std::size_t... Is>(std::index_sequence<Is...>) {
    return leases{lease_from<Pools>{std::move((*held)[Is])}...};
  }
  (std::index_sequence_for<Pools...>{});
}

} // namespace caf_pool

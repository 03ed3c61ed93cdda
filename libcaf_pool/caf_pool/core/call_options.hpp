#pragma once

#include "caf_pool/core/time.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace caf_pool {

/// How a call wants to be served, from its caller to the driver: one value for
/// callers in the process, messages, and the wire, so that nothing falls out on
/// the way. Callers write `acquire_options`, which begin with the call.
///
/// Thread-safety: a plain value.
struct call_options {
  /// When waiting for a connection ends; none: after the pool's
  /// `acquire_timeout`, or at the deadline.
  std::optional<time_point> wait_until = std::nullopt;
  /// When everything has to be over: waiting, using and answering; none: the
  /// pool's limits count.
  std::optional<time_point> deadline = std::nullopt;
  /// What the caller allowed for all of it at first: those who allow about the
  /// same use a connection for about as long. Zero: what is left of the
  /// deadline when the pool hears of it.
  duration allowed = duration::zero();
  /// How long the connection will be held; zero: the caller does not say.
  duration expected = duration::zero();
  /// 0 is normal, up to 7; higher goes first.
  std::uint8_t priority = 0;
  /// Callers of one tenant share their turns.
  std::uint32_t tenant = 0;
  /// Do not wait: get a connection that is free now, or nothing.
  bool only_if_free = false;
  /// The server refuses writes.
  bool read_only = false;
  /// The pool's `execute_timeout` counts, too, if it ends sooner than the
  /// deadline.
  bool bound_by_pool = false;
  /// Who will hold the connection, for people.
  std::string holder = {};

  friend bool operator==(const call_options&, const call_options&) = default;
};

/// How a caller wants to be served; times count from the call. Everything has a
/// sensible default.
struct acquire_options {
  /// How long to wait; nothing means the pool's `acquire_timeout`, or `limit`.
  std::optional<duration> wait = std::nullopt;
  /// 0 is normal, up to 7; higher goes first.
  std::uint8_t priority = 0;
  /// Callers of one tenant share their turns. A node knows its clients as
  /// tenants, whatever they say.
  std::uint32_t tenant = 0;
  /// How long it will be held; longer than `leak_threshold` needs saying.
  duration expected = duration::zero();
  /// The server refuses writes. Takes a round trip before the lease begins.
  bool read_only = false;
  /// What the caller calls itself. Must live as long as the program.
  const char* label = nullptr;
  /// How long a call may take in all, waiting included, be that shorter or
  /// longer than the pool's own limits; nothing means those.
  std::optional<duration> limit = std::nullopt;

  /// Returns the same for messages, with times that count from `now`; negative
  /// ones as none left.
  call_options starting(time_point now) const {
    auto end = [now](duration x) {
      return add_saturated(now, std::max(x, duration::zero()));
    };
    auto result = call_options{};
    if (wait)
      result.wait_until = end(*wait);
    if (limit) {
      result.deadline = end(*limit);
      result.allowed = std::max(*limit, duration::zero());
    }
    result.expected = expected;
    result.priority = priority;
    result.tenant = tenant;
    result.read_only = read_only;
    if (label != nullptr)
      result.holder = label;
    return result;
  }
};

/// Returns how long it is until then; zero if that has passed, however long
/// ago.
constexpr duration left_until(time_point x, time_point now) noexcept {
  return x > now ? x - now : duration::zero();
}

/// Returns what the caller allowed for all of it; zero if only the pool's
/// limits count.
inline duration allowance(const call_options& how, time_point now) {
  if (!how.deadline)
    return duration::zero();
  return how.allowed > duration::zero()
           ? how.allowed
           : std::max(left_until(*how.deadline, now), duration{1});
}

/// Returns when waiting for a connection ends.
inline time_point end_of_wait(const call_options& how, duration acquire_timeout,
                              time_point now) {
  auto last = how.deadline.value_or(never);
  if (how.wait_until)
    return std::min(*how.wait_until, last);
  return how.deadline ? last : add_saturated(now, acquire_timeout);
}

} // namespace caf_pool

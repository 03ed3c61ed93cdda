#pragma once

#include "caf_pool/backend/testing/backend_call.hpp"
#include "caf_pool/core/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace caf_pool {

/// What may happen to a call on its way to a server.
enum class fault : std::uint8_t {
  /// Nothing.
  none,
  /// It takes longer.
  delay,
  /// It fails; the connection survives.
  failure,
  /// The connection breaks before the server hears of the call.
  break_before,
  /// The connection breaks after the server did it: nobody knows whether.
  break_after,
  /// Nothing comes back until the deadline, a cancel or an abort.
  hang,
};

inline constexpr std::size_t faults = 6;

std::string_view to_string(fault x) noexcept;

/// How often each fault befalls one kind of call, in per mille. The rest of a
/// thousand calls go through.
struct fault_odds {
  std::uint32_t delay = 0;
  std::uint32_t failure = 0;
  std::uint32_t break_before = 0;
  std::uint32_t break_after = 0;
  std::uint32_t hang = 0;
};

/// A fault at one certain call: "the third execute fails".
struct fault_at {
  backend_call kind = backend_call::execute;
  /// Counts from 1.
  std::uint64_t nth = 1;
  fault what = fault::failure;
};

/// When which fault happens. The n-th call of a kind suffers the same in every
/// run with the same seed, whatever other kinds do.
struct fault_plan {
  std::uint64_t seed = 1;
  std::array<fault_odds, backend_calls> odds{};
  /// Go before the odds.
  std::vector<fault_at> certain = {};
  duration shortest_delay = std::chrono::milliseconds{1};
  duration longest_delay = std::chrono::milliseconds{20};

  fault_odds& of(backend_call kind) noexcept {
    return odds[static_cast<std::size_t>(kind)];
  }

  const fault_odds& of(backend_call kind) const noexcept {
    return odds[static_cast<std::size_t>(kind)];
  }

  /// The fault of a call, and the delay if it is one.
  struct decision {
    fault what = fault::none;
    duration delay = duration::zero();
  };

  /// Decides about the `nth` call of a kind, counted from 1. `cancel` and
  /// `abort` can only be delayed or fail, which is to have no effect; `abort`
  /// never suffers, lest nothing ends a hang.
  decision decide(backend_call kind, std::uint64_t nth) const;
};

} // namespace caf_pool

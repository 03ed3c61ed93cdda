#pragma once

#include "caf_pool/core/time.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace caf_pool {

/// How long uses take as a rule: about three of four end sooner. Each sample
/// moves the estimate by a share of itself, whatever the distance, so that a
/// single long use hardly counts, and a new habit is learnt within some dozens
/// of uses. What was learnt long ago is forgotten.
///
/// After "Incremental Quantile Estimation for Massive Tracking" (Chen, Lambert
/// and Pinheiro, 2000).
///
/// Thread-safety: like a plain value.
class use_time {
public:
  /// A use that took so long has ended.
  void note(duration took, time_point now) noexcept;

  /// Returns the estimate; zero if nothing is known.
  duration typical(time_point now) const noexcept;

private:
  duration estimate_ = duration::zero();
  time_point noted_at_{};
};

/// The same for each kind of callers: those who allow about the same time. A
/// report that may take a minute says nothing about a look-up that may take a
/// second.
///
/// Thread-safety: like a plain value.
class use_times {
public:
  /// A caller who allowed `limit`, waiting included, used it for `took`.
  void note(duration limit, duration took, time_point now) noexcept {
    kinds_[kind_of(limit)].note(took, now);
  }

  /// Returns how long callers who allow `limit` use it; zero if nothing is
  /// known.
  duration typical(duration limit, time_point now) const noexcept {
    return kinds_[kind_of(limit)].typical(now);
  }

private:
  static std::size_t kind_of(duration limit) noexcept {
    return static_cast<std::size_t>(
      std::bit_width(static_cast<std::uint64_t>(limit.count())));
  }

  std::array<use_time, 65> kinds_;
};

} // namespace caf_pool

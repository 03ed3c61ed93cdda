#pragma once

#include "caf_pool/core/time.hpp"

#include <cstdint>

namespace caf_pool {

/// A small seeded source of randomness: SplitMix64 (Steele, Lea and Flood,
/// "Fast Splittable Pseudorandom Number Generators", 2014). The same seed
/// yields the same numbers on every platform. Not for secrets.
///
/// Thread-safety: like a plain value.
class random_source {
public:
  explicit constexpr random_source(std::uint64_t seed) noexcept : state_(seed) {
    // nop
  }

  constexpr std::uint64_t next() noexcept {
    auto z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Returns a number from [0, limit), or 0 if the limit is 0. The bias is
  /// below 2^-32 for limits below 2^32.
  constexpr std::uint64_t below(std::uint64_t limit) noexcept {
    return limit == 0 ? 0 : next() % limit;
  }

  /// Returns a duration from [low, high]; `low` if the range is empty.
  constexpr duration between(duration low, duration high) noexcept {
    if (high <= low)
      return low;
    // Unsigned, because the span of two durations may exceed a duration.
    auto first = static_cast<std::uint64_t>(low.count());
    auto span = static_cast<std::uint64_t>(high.count()) - first + 1;
    auto offset = span == 0 ? next() : below(span);
    return duration{static_cast<duration::rep>(first + offset)};
  }

  /// Returns an independent source.
  constexpr random_source split() noexcept {
    return random_source{next()};
  }

private:
  std::uint64_t state_;
};

/// Returns a seed that differs from one moment to the next.
constexpr std::uint64_t seed_of(time_point now) noexcept {
  return static_cast<std::uint64_t>(now.time_since_epoch().count());
}

} // namespace caf_pool

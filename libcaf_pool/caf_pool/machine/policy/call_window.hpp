#pragma once

#include "caf_pool/core/time.hpp"

#include <array>
#include <cstdint>

namespace caf_pool {

/// Counts the calls of the recent past in ten slices of time: a sample is
/// forgotten when it is between nine and ten tenths of the window old.
///
/// Thread-safety: like a plain value.
class call_window {
public:
  struct counts {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    std::uint64_t slow = 0;

    friend bool operator==(const counts&, const counts&) = default;
  };

  static constexpr std::size_t slices = 10;

  explicit call_window(duration width = std::chrono::seconds{10}) noexcept;

  void add(const counts& x, time_point now) noexcept;

  /// Returns the sum over the window that ends now.
  counts sum(time_point now) const noexcept;

  /// Forgets everything.
  void clear() noexcept;

  /// Sets another width, which forgets everything unless it is the same.
  void resize(duration width) noexcept;

  friend bool operator==(const call_window&, const call_window&) = default;

private:
  struct slice {
    std::int64_t number = -1;
    counts content;

    friend bool operator==(const slice&, const slice&) = default;
  };

  /// Returns which slice of time `now` falls into, counted from the clock's
  /// zero.
  std::int64_t number_of(time_point now) const noexcept;

  duration slice_width_;
  std::array<slice, slices> ring_;
};

} // namespace caf_pool

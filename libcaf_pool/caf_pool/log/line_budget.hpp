#pragma once

#include "caf_pool/core/pool_event.hpp"
#include "caf_pool/core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace caf_pool {

/// Decides which lines of a log are written: in no second more than
/// `max_lines`, of which some are kept for errors and one for the line that
/// says how many were left out.
///
/// Thread-safety: like a plain value.
class line_budget {
public:
  static constexpr std::size_t max_lines = 50;
  /// Lines that only errors may use.
  static constexpr std::size_t for_errors = 10;
  static constexpr duration window = std::chrono::seconds{1};

  /// Lines that were left out.
  struct left_out {
    std::uint64_t lines = 0;
    /// How many of them were errors.
    std::uint64_t errors = 0;
  };

  /// Tells whether a line may be written now; counts it if not.
  bool take(severity level, time_point now) noexcept;

  /// Counts lines that were taken and could not be written.
  void lose(left_out what, time_point now) noexcept;

  /// Tells whether lines were left out that no line has told of.
  bool owes_summary() const noexcept {
    return missing_.lines > 0;
  }

  /// Returns from when on the summary may be written.
  time_point summary_due() const noexcept;

  /// Returns what the summary has to tell. Requires that it is due.
  left_out take_summary(time_point now) noexcept;

private:
  /// Returns when the line was written that was the `n`th before the next.
  time_point before(std::size_t n) const noexcept {
    return written_[(next_ + max_lines - n) % max_lines];
  }

  bool fits(std::size_t lines, time_point now) const noexcept;
  void note(time_point now) noexcept;

  /// When the last lines were written, in a ring.
  std::array<time_point, max_lines> written_{};
  std::size_t next_ = 0;
  /// Since when lines have been left out.
  time_point since_{};
  left_out missing_;
};

} // namespace caf_pool

#include "caf_pool/log/line_budget.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

bool line_budget::take(severity level, time_point now) noexcept {
  auto error = level == severity::error;
  // One line less than there may be: the last one is the summary's.
  auto lines = error ? max_lines - 1 : max_lines - 1 - for_errors;
  if (fits(lines, now)) {
    note(now);
    return true;
  }
  lose({1, error ? 1u : 0u}, now);
  return false;
}

void line_budget::lose(left_out what, time_point now) noexcept {
  if (!owes_summary())
    since_ = now;
  missing_.lines += what.lines;
  missing_.errors += what.errors;
}

time_point line_budget::summary_due() const noexcept {
  return std::max(since_, before(max_lines)) + window;
}

line_budget::left_out line_budget::take_summary(time_point now) noexcept {
  note(now);
  return std::exchange(missing_, {});
}

bool line_budget::fits(std::size_t lines, time_point now) const noexcept {
  auto oldest = before(lines);
  return oldest == time_point{} || now - oldest >= window;
}

void line_budget::note(time_point now) noexcept {
  written_[next_] = now;
  next_ = (next_ + 1) % max_lines;
}

} // namespace caf_pool

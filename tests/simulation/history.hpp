#pragma once

#include "caf_pool/core/time.hpp"

#include <string>
#include <vector>

namespace caf_pool::simulation {

/// Writes down what happened, if anybody wants to know.
class history {
public:
  /// From now on everything is kept.
  void keep() {
    kept_ = true;
  }

  bool kept() const noexcept {
    return kept_;
  }

  /// Notes a line; `what` is called only if lines are kept.
  template <class F>
  void note(time_point now, F&& what) {
    if (kept_)
      lines_.push_back(stamp(now) + what());
  }

  const std::vector<std::string>& lines() const noexcept {
    return lines_;
  }

private:
  static std::string stamp(time_point now);

  bool kept_ = false;
  std::vector<std::string> lines_;
};

} // namespace caf_pool::simulation

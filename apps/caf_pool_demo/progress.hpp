#pragma once

#include <string>

namespace caf_pool::demo {

/// A bar on stderr; silent unless stderr is a terminal that can show it.
///
/// Thread-safety: one thread.
class progress {
public:
  progress();
  ~progress();

  /// Draws the bar: `share` from 0 to 1, and a few words behind it.
  void show(double share, const std::string& words);

private:
  bool visible_;
  bool drawn_ = false;
};

} // namespace caf_pool::demo

#pragma once

#include "caf_pool/core/time.hpp"

namespace caf_pool::test {

/// Counts rounds of a stress test, and ends early on a machine that is so busy
/// that they would take too long.
///
/// ~~~
/// for (rounds left{1000}; left.next();)
/// ~~~
class rounds {
public:
  explicit rounds(int count, duration limit = std::chrono::seconds{3})
    : count_(count), end_(clock::now() + limit) {
    // nop
  }

  bool next() {
    if (done_ == count_ || clock::now() > end_)
      return false;
    ++done_;
    return true;
  }

  /// Of the present round, from 1.
  int number() const {
    return done_;
  }

private:
  int count_;
  int done_ = 0;
  time_point end_;
};

} // namespace caf_pool::test

#pragma once

#include "caf_pool/core/time.hpp"

#include "support/eventually.hpp"

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

  /// Goes on beyond count and limit until the caller has seen enough, but not
  /// for ever.
  bool next(bool enough = true) {
    auto over = done_ >= count_ || clock::now() > end_;
    if (over && (enough || clock::now() > end_ + patience))
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

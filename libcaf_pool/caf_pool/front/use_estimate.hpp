#pragma once

#include "caf_pool/core/time.hpp"

#include <algorithm>
#include <atomic>

namespace caf_pool {

/// How long connections are typically held, roughly. Moves towards each sample
/// by a share of itself, whatever the distance, so that it settles at the
/// median: a holder that lost its core in between hardly counts.
///
/// Thread-safety: any thread; of samples at the same moment one may be lost.
class use_estimate {
public:
  /// About what it costs to be served through the queue.
  static constexpr duration hand_over = std::chrono::microseconds{20};

  void note(duration took) noexcept {
    auto now = typical_.load(std::memory_order_relaxed);
    auto step = now / 4 + 500;
    auto next = took.count() > now ? now + step : std::max<rep>(now - step, 0);
    typical_.store(next, std::memory_order_relaxed);
  }

  /// Tells whether connections come back sooner than the queue could hand them
  /// over; also while nothing is known.
  bool brief() const noexcept {
    return typical_.load(std::memory_order_relaxed) < hand_over.count();
  }

  void clear() noexcept {
    typical_.store(0, std::memory_order_relaxed);
  }

private:
  using rep = duration::rep;

  std::atomic<rep> typical_{0};
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/time.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace caf_pool::simulation {

/// What happens next.
enum class event : std::uint8_t {
  /// The plan's stimulus number `who`.
  stimulus,
  /// The request of caller `who` arrives at the pool.
  request,
  give_up,
  /// The message that `who` gave up arrives.
  cancel,
  /// The grant arrives at caller `who`.
  receive,
  let_go,
  /// What caller `who` took from the front becomes a lease of the machine.
  claim,
  release_again,
  /// The pool hears that caller `who` died.
  death,
  /// The pool's actor hears that the slot of connection `who` was returned.
  collect,
  /// A worker begins an opening, the job of that number.
  begin,
  /// The server accepts a connection.
  accept,
  /// A worker comes back from the job of that number.
  work_done,
  /// The message about it arrives, perhaps late, or once more.
  report,
  /// What the machine heard of connection `who` is said once more.
  repeat,
  /// The pool's actor hears that a fenced holder let go of connection `who`.
  unheld,
  timer,
  /// The last act.
  quiet,
  drain,
  over,
};

struct appointment {
  time_point when;
  std::uint64_t turn = 0;
  event what = event::timer;
  std::uint32_t who = 0;
  /// Tells outdated appointments from valid ones.
  std::uint64_t number = 0;
};

/// What is going to happen, in order; at the same time, in the order of making.
class agenda {
public:
  void add(time_point when, event what, std::uint32_t who = 0,
           std::uint64_t number = 0) {
    heap_.push_back({when, ++turns_, what, who, number});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  bool empty() const noexcept {
    return heap_.empty();
  }

  const appointment& next() const noexcept {
    return heap_.front();
  }

  appointment take() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    auto result = heap_.back();
    heap_.pop_back();
    return result;
  }

private:
  static bool later(const appointment& lhs, const appointment& rhs) noexcept {
    return lhs.when != rhs.when ? lhs.when > rhs.when : lhs.turn > rhs.turn;
  }

  std::vector<appointment> heap_;
  std::uint64_t turns_ = 0;
};

} // namespace caf_pool::simulation

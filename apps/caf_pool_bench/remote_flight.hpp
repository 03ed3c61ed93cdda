#pragma once

#include "caf_pool/core/time.hpp"
#include "caf_pool/remote/client.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <stdexcept>
#include <string>
#include <utility>

namespace caf_pool::bench {

/// Keeps many remote calls under way: each answer starts the next.
class remote_flight {
public:
  remote_flight(remote_client& db, std::string pool, work what,
                std::size_t outstanding, duration length)
    : db_(db),
      pool_(std::move(pool)),
      what_(std::move(what)),
      ended_(static_cast<std::ptrdiff_t>(outstanding)) {
    auto begin = clock::now();
    end_ = begin + length;
    for (std::size_t i = 0; i < outstanding; ++i)
      next();
    ended_.wait();
    took_ = clock::now() - begin;
  }

  /// Microseconds of wall time per call.
  double cost() const {
    if (failures_ > 0 || calls_ == 0)
      throw std::runtime_error{"remote calls failed"};
    return static_cast<double>(took_.count()) / 1e3
           / static_cast<double>(calls_.load());
  }

private:
  void next() {
    if (clock::now() >= end_) {
      ended_.count_down();
      return;
    }
    db_.run_async(pool_, what_, [this](const result<outcome>& x) {
      ++(x ? calls_ : failures_);
      next();
    });
  }

  remote_client& db_;
  std::string pool_;
  work what_;
  std::latch ended_;
  time_point end_;
  duration took_ = duration::zero();
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> failures_{0};
};

} // namespace caf_pool::bench

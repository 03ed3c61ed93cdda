#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace caf_pool {

/// Keeps what holders still use until the last of them has let go.
///
/// Thread-safety: `start` and `add` by one thread, before and while others
/// `drop`; `drop` from any thread.
class keep_alive {
public:
  /// Begins with one user, the caller. `frame` is dropped after `what`.
  void start(std::shared_ptr<void> what, std::shared_ptr<void> frame) noexcept {
    what_ = std::move(what);
    frame_ = std::move(frame);
    users_.store(1, std::memory_order_relaxed);
  }

  void add() noexcept {
    users_.fetch_add(1, std::memory_order_relaxed);
  }

  /// Destroys what was kept if this was the last user. The frame may contain
  /// this object, so nothing is touched after it.
  void drop() noexcept {
    if (users_.fetch_sub(1, std::memory_order_acq_rel) != 1)
      return;
    auto frame = std::move(frame_);
    what_.reset();
  }

private:
  std::shared_ptr<void> what_;
  std::shared_ptr<void> frame_;
  std::atomic<std::uint64_t> users_{0};
};

} // namespace caf_pool

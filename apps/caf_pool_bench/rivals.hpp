#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

namespace caf_pool::bench {

// The least that lending a few things among threads can cost: baselines, made
// for measuring only.

/// Slots that are taken by compare-and-swap, and nothing else: no holder, no
/// queue, no deadline. Each thread starts where it succeeded the last time.
class bare_slots {
public:
  static constexpr std::size_t most = 64;

  explicit bare_slots(std::size_t size) : size_(size) {
    // nop
  }

  /// Yields until one is free.
  std::size_t acquire(std::size_t& hint) noexcept {
    for (;;) {
      for (std::size_t n = 0, i = hint; n < size_; ++n) {
        std::uint32_t expected = 0;
        if (slots_[i].taken.compare_exchange_strong(expected, 1)) {
          hint = i;
          return i;
        }
        i = i + 1 < size_ ? i + 1 : 0;
      }
      std::this_thread::yield();
    }
  }

  void release(std::size_t i) noexcept {
    slots_[i].taken.store(0, std::memory_order_release);
  }

private:
  struct alignas(64) slot {
    std::atomic<std::uint32_t> taken{0};
  };

  std::size_t size_;
  std::array<slot, most> slots_;
};

/// The pool that everybody writes first: a deque behind a mutex.
class locked_deque {
public:
  explicit locked_deque(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      idle_.push_back(i);
  }

  std::size_t acquire() {
    auto guard = std::unique_lock{mutex_};
    wake_.wait(guard, [this] { return !idle_.empty(); });
    auto result = idle_.back();
    idle_.pop_back();
    return result;
  }

  void release(std::size_t x) {
    {
      auto guard = std::lock_guard{mutex_};
      idle_.push_back(x);
    }
    wake_.notify_one();
  }

private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::size_t> idle_;
};

/// The ideal queue: whoever comes first is served first, and a release hands
/// over to the head of the queue, which sleeps on a condition of its own.
class fair_semaphore {
public:
  explicit fair_semaphore(std::size_t permits) : permits_(permits) {
    // nop
  }

  void acquire() {
    auto guard = std::unique_lock{mutex_};
    if (permits_ > 0) {
      --permits_;
      return;
    }
    waiter self;
    queue_.push_back(&self);
    self.wake.wait(guard, [&] { return self.served; });
  }

  void release() {
    auto guard = std::lock_guard{mutex_};
    if (queue_.empty()) {
      ++permits_;
      return;
    }
    auto* head = queue_.front();
    queue_.pop_front();
    head->served = true;
    head->wake.notify_one();
  }

private:
  struct waiter {
    bool served = false;
    std::condition_variable wake;
  };

  std::mutex mutex_;
  std::size_t permits_;
  std::list<waiter*> queue_;
};

} // namespace caf_pool::bench

#pragma once

#include "caf_pool/core/time.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <exception>
#include <latch>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace caf_pool::bench {

/// What some threads got done in a while.
struct hammered {
  duration took = duration::zero();
  /// What the threads' own clocks say, all together.
  duration cpu = duration::zero();
  /// Cycles of each thread.
  std::vector<std::uint64_t> cycles;

  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (auto n : cycles)
      sum += n;
    return sum;
  }

  /// Wall time divided by the cycles of all threads together.
  double wall_per_cycle() const {
    return static_cast<double>(took.count())
           / static_cast<double>(std::max<std::uint64_t>(total(), 1));
  }

  /// Time of a core per cycle: wall time, times the cores that the threads can
  /// keep busy, divided by the cycles of all threads. With as many threads as
  /// cores, or fewer, this is how long one thread takes for a cycle; with more
  /// threads it leaves out the time in which they merely wait for a core.
  double core_per_cycle() const {
    auto cores = std::max(1u, std::thread::hardware_concurrency());
    auto busy = std::min<std::size_t>(cores, cycles.size());
    return wall_per_cycle() * static_cast<double>(busy);
  }

  /// What the threads themselves used of the cores, per cycle: without what
  /// other processes took, but also without the pool's own threads.
  double cpu_per_cycle() const {
    return static_cast<double>(cpu.count())
           / static_cast<double>(std::max<std::uint64_t>(total(), 1));
  }

  /// Cycles of the slowest thread divided by those of the fastest.
  double fairness() const {
    auto [low, high] = std::minmax_element(cycles.begin(), cycles.end());
    return *high > 0 ? static_cast<double>(*low) / static_cast<double>(*high)
                     : 0.0;
  }
};

/// Returns the time that the calling thread has used a core.
inline duration thread_cpu_time() noexcept {
  timespec x{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &x);
  return std::chrono::seconds{x.tv_sec} + std::chrono::nanoseconds{x.tv_nsec};
}

/// Keeps the first exception of several threads.
///
/// Thread-safety: `guard` from any thread, `rethrow` once they are done.
class first_failure {
public:
  template <class F>
  void guard(F&& f) noexcept {
    try {
      f();
    } catch (...) {
      auto lock = std::lock_guard{mutex_};
      if (!what_)
        what_ = std::current_exception();
    }
  }

  void rethrow() {
    if (what_)
      std::rethrow_exception(what_);
  }

private:
  std::mutex mutex_;
  std::exception_ptr what_;
};

/// Lets `threads` threads repeat a cycle for `length`. `make_cycle(i)` runs on
/// the `i`-th thread before the start and returns its cycle. Throws what one of
/// them threw.
template <class MakeCycle>
hammered hammer(std::size_t threads, duration length, MakeCycle make_cycle) {
  hammered result;
  result.cycles.resize(threads);
  std::atomic<bool> over{false};
  std::atomic<duration::rep> cpu{0};
  std::latch ready{static_cast<std::ptrdiff_t>(threads) + 1};
  first_failure failure;
  auto repeat = [&](auto& cycle, std::uint64_t& n) {
    auto begin = thread_cpu_time();
    for (; !over.load(std::memory_order_relaxed); ++n)
      cycle();
    cpu += (thread_cpu_time() - begin).count();
  };
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < threads; ++i)
    all.emplace_back([&, i] {
      std::optional<decltype(make_cycle(i))> cycle;
      failure.guard([&] { cycle.emplace(make_cycle(i)); });
      ready.arrive_and_wait();
      std::uint64_t n = 0;
      if (cycle)
        failure.guard([&] { repeat(*cycle, n); });
      result.cycles[i] = n;
    });
  ready.arrive_and_wait();
  auto begin = clock::now();
  std::this_thread::sleep_for(length);
  result.took = clock::now() - begin;
  over = true;
  for (auto& thread : all)
    thread.join();
  failure.rethrow();
  result.cpu = duration{cpu.load()};
  return result;
}

} // namespace caf_pool::bench

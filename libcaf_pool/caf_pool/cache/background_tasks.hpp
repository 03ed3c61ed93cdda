#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace caf_pool {

/// Runs tasks on few threads, which are started when there is work for them.
/// Ends with its destructor: it waits for the tasks that run and forgets those
/// that have not begun.
///
/// Thread-safety: any thread may call it.
class background_tasks {
public:
  background_tasks(std::size_t max_threads, std::size_t max_waiting)
    : max_threads_(max_threads), max_waiting_(max_waiting) {
    // nop
  }

  background_tasks(const background_tasks&) = delete;
  background_tasks& operator=(const background_tasks&) = delete;

  ~background_tasks();

  /// Returns false if too many tasks wait, or if no thread can be had: then the
  /// task will not run. A task must not throw.
  bool run(std::function<void()> task);

private:
  void work();
  bool hire();

  const std::size_t max_threads_;
  const std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::size_t idle_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

} // namespace caf_pool

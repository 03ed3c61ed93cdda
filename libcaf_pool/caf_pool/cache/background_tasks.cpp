#include "caf_pool/cache/background_tasks.hpp"

#include <system_error>
#include <utility>

namespace caf_pool {

background_tasks::~background_tasks() {
  {
    std::unique_lock guard{mutex_};
    closing_ = true;
    tasks_.clear();
    changed_.notify_all();
  }
  for (auto& thread : threads_)
    thread.join();
}

bool background_tasks::run(std::function<void()> task) {
  std::unique_lock guard{mutex_};
  if (closing_ || tasks_.size() >= max_waiting_)
    return false;
  if (idle_ <= tasks_.size() && !hire())
    return false;
  tasks_.push_back(std::move(task));
  changed_.notify_one();
  return true;
}

// One that cannot be had is no loss while another one is there.
bool background_tasks::hire() {
  if (threads_.size() >= max_threads_)
    return !threads_.empty();
  try {
    threads_.emplace_back([this] { work(); });
    return true;
  } catch (const std::system_error&) {
    return !threads_.empty();
  }
}

void background_tasks::work() {
  std::unique_lock guard{mutex_};
  for (;;) {
    ++idle_;
    changed_.wait(guard, [this] { return closing_ || !tasks_.empty(); });
    --idle_;
    if (closing_)
      return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    guard.unlock();
    task();
    // What it holds ends before the next one begins.
    task = nullptr;
    guard.lock();
  }
}

} // namespace caf_pool

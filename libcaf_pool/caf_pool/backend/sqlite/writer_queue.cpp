#include "caf_pool/backend/sqlite/writer_queue.hpp"

#include <algorithm>

namespace caf_pool {

void writer_queue::let_in(owner who) {
  inside_ = who;
  since_ = clock::now();
}

bool writer_queue::enter(owner who, time_point deadline,
                         const std::function<bool()>& stopped) {
  std::unique_lock guard{mutex_};
  if (inside_ == nullptr && queue_.empty()) {
    let_in(who);
    return true;
  }
  waiter self;
  self.who = who;
  queue_.push_back(&self);
  auto look_up = [&] { return inside_ == who || self.woken; };
  // Asked once in line: an earlier `wake` found nobody to wake.
  while (!stopped()) {
    if (deadline == never)
      self.turn.wait(guard, look_up);
    else if (!self.turn.wait_until(guard, deadline, look_up))
      break;
    if (inside_ == who)
      return true;
    self.woken = false;
  }
  // `leave` takes only from the queue, with the lock held: not let in so far
  // means never.
  std::erase(queue_, &self);
  return false;
}

bool writer_queue::try_enter(owner who) {
  std::lock_guard guard{mutex_};
  if (inside_ != nullptr || !queue_.empty())
    return false;
  let_in(who);
  return true;
}

void writer_queue::leave(owner who) {
  std::lock_guard guard{mutex_};
  if (inside_ != who)
    return;
  inside_ = nullptr;
  if (queue_.empty())
    return;
  // Handed over rather than opened: nobody slips in before the head.
  auto* head = queue_.front();
  queue_.pop_front();
  let_in(head->who);
  head->turn.notify_one();
}

void writer_queue::wake(owner who) {
  std::lock_guard guard{mutex_};
  for (auto* x : queue_) {
    if (x->who == who) {
      x->woken = true;
      x->turn.notify_one();
    }
  }
}

duration writer_queue::occupied_for() const {
  std::lock_guard guard{mutex_};
  return inside_ == nullptr ? duration::zero() : clock::now() - since_;
}

std::size_t writer_queue::waiting() const {
  std::lock_guard guard{mutex_};
  return queue_.size();
}

} // namespace caf_pool

#include "caf_pool/backend/postgres/pg_watchdog.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#ifdef __GLIBC__
#  include <malloc.h>
#endif

namespace caf_pool {

namespace {

// How long the thread goes on looking when nothing runs: statements that come
// one after another need not wake it.
constexpr duration linger = std::chrono::seconds{1};

// When callers are done with a large result, as a rule, and how often to look
// for those that need longer.
constexpr duration use_of_result = std::chrono::seconds{1};
constexpr int memory_rounds = 5;

void trim_memory() noexcept {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

} // namespace

// -- pg_watchdog --------------------------------------------------------------

pg_watchdog::pg_watchdog() : thread_([this] { run(); }) {
  // nop
}

pg_watchdog::~pg_watchdog() {
  {
    std::lock_guard guard{mtx_};
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void pg_watchdog::add(pg_watch* x) {
  std::lock_guard guard{mtx_};
  watches_.push_back(x);
}

void pg_watchdog::remove(pg_watch* x) {
  std::lock_guard guard{mtx_};
  std::erase(watches_, x);
}

void pg_watchdog::wake() {
  std::lock_guard guard{mtx_};
  changed_.notify_one();
}

void pg_watchdog::run() {
  std::unique_lock guard{mtx_};
  auto quiet = true;
  while (!stopping_) {
    auto next = look_at_all();
    auto idle = next == never;
    if (idle && !std::exchange(quiet, true))
      next = clock::now() + linger;
    else if (!idle)
      quiet = false;
    next = std::min(next, give_memory_back(guard));
    // A statement writes its deadline and then reads this: either it sees that
    // it has to wake us, or we see its deadline.
    next_look_ = next.time_since_epoch().count();
    if (earliest() < next)
      continue;
    if (next == never)
      changed_.wait(guard);
    else
      changed_.wait_until(guard, next);
  }
}

// Returns when to be called again.
time_point pg_watchdog::give_memory_back(std::unique_lock<std::mutex>& guard) {
  if (memory_rounds_ == 0)
    return never;
  auto now = clock::now();
  if (memory_due_ == never)
    memory_due_ = now + use_of_result;
  if (now < memory_due_)
    return memory_due_;
  guard.unlock();
  trim_memory();
  guard.lock();
  memory_due_ = --memory_rounds_ > 0 ? now + 2 * use_of_result : never;
  return memory_due_;
}

// Acts where it is time, and returns when that will be the case again.
time_point pg_watchdog::look_at_all() {
  auto now = clock::now();
  for (auto* x : watches_)
    x->look(now);
  return earliest();
}

time_point pg_watchdog::earliest() const noexcept {
  auto result = pg_watch::nothing;
  for (auto* x : watches_)
    result = std::min(result, x->due_.load());
  return time_point{duration{result}};
}

// -- pg_watch -----------------------------------------------------------------

pg_watch::pg_watch(std::shared_ptr<pg_watchdog> dog,
                   pg_interrupter& interrupter)
  : dog_(std::move(dog)), interrupter_(interrupter) {
  dog_->add(this);
}

pg_watch::~pg_watch() {
  dog_->remove(this);
}

void pg_watch::arm(time_point deadline, duration time_to_stop) noexcept {
  armed_ = deadline.time_since_epoch().count();
  time_to_stop_.store(time_to_stop.count(), std::memory_order_relaxed);
  due_ = armed_;
  if (armed_ < dog_->next_look_)
    dog_->wake();
}

void pg_watch::give_memory_back() noexcept {
  if (dog_->memory_rounds_.exchange(memory_rounds) == 0)
    dog_->wake();
}

bool pg_watch::disarm() noexcept {
  if (due_.exchange(nothing) == armed_)
    return false;
  // The dog may be about to ask: when it is done, the interrupter knows.
  std::lock_guard guard{dog_->mtx_};
  asked_ = false;
  return true;
}

// Called with the dog's mutex locked. If the statement ends at this moment, one
// of the two exchanges wins.
void pg_watch::look(time_point now) {
  auto due = due_.load();
  if (due > now.time_since_epoch().count())
    return;
  auto next
    = asked_ ? nothing : due + time_to_stop_.load(std::memory_order_relaxed);
  if (!due_.compare_exchange_strong(due, next))
    return;
  if (std::exchange(asked_, true))
    interrupter_.shut_down();
  else
    interrupter_.cancel();
}

} // namespace caf_pool

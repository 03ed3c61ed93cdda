#include "caf_pool/redis/redis_lane.hpp"

#include "caf_pool/front/pause.hpp"
#include "caf_pool/lease/pooled_connection.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace caf_pool {

namespace {

/// A reply that is due for so much longer than any command may take does not
/// come.
constexpr duration longest_overdue = std::chrono::seconds{1};

} // namespace

redis_lane::redis_lane(const lane_limits& limits)
  : limits_(limits), execute_timeout_(limits.execute_timeout) {
  // nop
}

// -- callers ------------------------------------------------------------------

bool redis_lane::run(any_pool& pool, lane_call& mine) {
  if (!join(mine))
    return false;
  auto awake = [&] { return mine.turn != lane_turn::waits; };
  auto taken = true;
  for (;;) {
    if (!mine.seat->wait_until(mine.looks_at, awake)) {
      if (leaves(mine, taken))
        return taken;
    } else if (mine.turn == lane_turn::leads) {
      return lead(pool, mine);
    } else {
      return true;
    }
  }
}

bool redis_lane::join(lane_call& mine) {
  auto now = clock::now();
  auto lock = guard{mutex_};
  if (stands_still(now) || waiting_.size() >= limits_.waiting)
    return false;
  mine.looks_at = std::min(
    mine.wait_until, now + std::min(lifetime + patience, execute_timeout_));
  waiting_.push_back(&mine);
  if (!led_) {
    led_ = true;
    mine.turn = lane_turn::leads;
  } else if (parked_ && !sending_) {
    send_with_others(lock);
  }
  return true;
}

/// Looks whether a caller that nobody woke goes on waiting.
bool redis_lane::leaves(lane_call& mine, bool& taken) {
  auto now = clock::now();
  auto lock = guard{mutex_};
  if (mine.turn != lane_turn::waits)
    return false;
  taken = mine.sent > 0 || !stands_still(now);
  if (!taken || now >= mine.leaves_at()) {
    remove(mine);
    return true;
  }
  mine.looks_at = std::min(mine.leaves_at(), now + lifetime + patience);
  return false;
}

void redis_lane::remove(lane_call& mine) {
  if (!mine.all_sent() && !mine.refused)
    std::erase(waiting_, &mine);
  if (mine.replies.size() < mine.sent)
    for (auto& x : under_way_)
      if (x.who == &mine)
        x.who = nullptr;
}

/// The leader waits for input meanwhile. Who comes while this thread is at it
/// need not send by itself.
void redis_lane::send_with_others(guard& lock) {
  sending_ = true;
  try {
    while (send(lock) && parked_) {
      // nop
    }
  } catch (const std::bad_alloc&) {
    // The leader finds it broken, and all who wait for replies their errors.
    if (!lock.owns_lock())
      lock.lock();
    connection().abort();
  }
  sending_ = false;
  wake_all(lock);
}

// -- the leader ---------------------------------------------------------------

bool redis_lane::lead(any_pool& pool, lane_call& mine) {
  auto lock = guard{mutex_};
  auto taken = true;
  try {
    while (serve(pool, mine, lock, taken)) {
      // nop
    }
  } catch (const std::bad_alloc& ex) {
    if (!lock.owns_lock())
      lock.lock();
    fail_all(lock, mine, ex);
  }
  hand_on(lock);
  return taken;
}

/// Does one round. False if this caller is done.
bool redis_lane::serve(any_pool& pool, lane_call& mine, guard& lock,
                       bool& taken) {
  take_over(lock);
  if (held_)
    read(lock);
  auto now = clock::now();
  end_if_stuck(lock, now);
  if (mine.over())
    return false;
  taken = mine.sent > 0 || !stands_still(now);
  if (!taken || now >= mine.leaves_at()) {
    remove(mine);
    return false;
  }
  // What is left is for callers who are gone.
  if (held_ && now >= until_ && first_alive() == nullptr)
    close(lock);
  if (!held_ && !open(pool, mine, lock))
    return false;
  while (send(lock)) {
    // nop
  }
  wake_all(lock);
  if (mine.over())
    return false;
  if (!under_way_.empty())
    park(mine, lock);
  return true;
}

/// Waits until nobody else has the connection.
void redis_lane::take_over(guard& lock) {
  parked_ = false;
  for (auto n = 0u; sending_; ++n) {
    lock.unlock();
    pause_after(n);
    lock.lock();
  }
}

bool redis_lane::open(any_pool& pool, lane_call& mine, guard& lock) {
  auto options = acquire_options{};
  options.label = "shared";
  options.wait = left_until(mine.wait_until, clock::now());
  lock.unlock();
  auto got = pool.acquire(options);
  lock.lock();
  if (!got) {
    std::erase(waiting_, &mine);
    mine.refused = got.error();
    return false;
  }
  held_ = shared_lease{*std::move(got)};
  until_ = clock::now() + lifetime;
  execute_timeout_ = held_.pooled().execute_timeout.load();
  meters_ = held_.pooled().meters;
  return true;
}

void redis_lane::read(guard& lock) {
  lock.unlock();
  auto& conn = connection();
  came_.clear();
  if (conn.due() > 0)
    if (auto first = conn.receive(time_point::min())) {
      came_.push_back(*std::move(first));
      while (conn.at_hand() > 0)
        came_.push_back(*conn.receive(time_point::min()));
    }
  lock.lock();
  distribute();
  wake_all(lock);
}

void redis_lane::distribute() {
  for (auto& reply : came_) {
    if (under_way_.empty())
      break;
    auto* to = under_way_.front().who;
    under_way_.pop_front();
    if (to == nullptr)
      continue;
    to->add(std::move(reply), limits_.result_bytes);
    if (to->over())
      tell(*to, lane_turn::done);
  }
  came_.clear();
}

/// When the oldest command is given up.
time_point redis_lane::stuck_at() const noexcept {
  return add_saturated(under_way_.front().since,
                       execute_timeout_ + longest_overdue);
}

void redis_lane::end_if_stuck(guard& lock, time_point now) {
  if (under_way_.empty() || now < stuck_at())
    return;
  until_ = std::min(until_, now);
  auto& conn = connection();
  conn.abort();
  lock.unlock();
  while (conn.due() > 0)
    came_.push_back(*conn.receive(never));
  lock.lock();
  distribute();
  wake_all(lock);
}

/// Returns whether anything was sent.
bool redis_lane::send(guard& lock) {
  if (!put_waiting(clock::now()))
    return false;
  lock.unlock();
  connection().flush();
  lock.lock();
  return true;
}

/// Waits for input; who comes may send meanwhile.
void redis_lane::park(lane_call& mine, guard& lock) {
  auto& conn = connection();
  auto until = std::min(mine.leaves_at(), stuck_at());
  if (mine.sent == 0)
    until = std::min(until, add_saturated(until_, 2 * patience));
  auto rest = !conn.flushed();
  parked_ = true;
  lock.unlock();
  conn.wait(rest, until);
  lock.lock();
}

void redis_lane::hand_on(guard& lock) {
  auto* next = first_alive();
  if (next == nullptr && !waiting_.empty())
    next = waiting_.front();
  if (next != nullptr) {
    parked_ = static_cast<bool>(held_);
    tell(*next, lane_turn::leads);
    wake_all(lock);
    return;
  }
  led_ = false;
  parked_ = false;
  close(lock);
}

void redis_lane::close(guard& lock) {
  auto old = std::move(held_);
  auto left = !under_way_.empty();
  under_way_.clear();
  until_ = never;
  lock.unlock();
  if (left)
    old.discard("replies are due to callers whose time was over");
  old.release();
  lock.lock();
}

/// Memory ran out: which reply is whose is not known any more.
void redis_lane::fail_all(guard& lock, lane_call& mine,
                          const std::exception& why) {
  take_over(lock);
  if (!mine.over()) {
    remove(mine);
    mine.refused = backend_threw(why);
  }
  while (auto* x = first_alive()) {
    remove(*x);
    refuse(*x, backend_threw(why));
    tell(*x, lane_turn::done);
  }
  if (held_) {
    connection().abort();
    close(lock);
  }
  wake_all(lock);
}

// -- both ---------------------------------------------------------------------

/// Returns whether the connection took anything.
bool redis_lane::put_waiting(time_point now) {
  if (waiting_.empty() || now >= until_)
    return false;
  if (held_.lost()) {
    until_ = now;
    return false;
  }
  auto before = under_way_.size();
  while (!waiting_.empty() && under_way_.size() < limits_.in_flight
         && put_one(*waiting_.front(), now)) {
    // nop
  }
  return under_way_.size() > before;
}

/// Returns whether all commands of a caller went.
bool redis_lane::put_one(lane_call& x, time_point now) {
  auto rest = x.commands.subspan(x.sent);
  auto room = limits_.in_flight - under_way_.size();
  auto count = connection().put(rest.first(std::min(rest.size(), room)), never);
  if (!count) {
    until_ = now;
    waiting_.pop_front();
    refuse(x, count.error());
    return false;
  }
  if (x.sent == 0) {
    x.sent_at = now;
    x.deadline = x.end ? *x.end : add_saturated(now, execute_timeout_);
    x.meters = meters_.get();
  }
  x.sent += *count;
  for (auto n = *count; n > 0; --n)
    under_way_.push_back({&x, now});
  if (x.all_sent())
    waiting_.pop_front();
  return *count == rest.size();
}

void redis_lane::refuse(lane_call& x, error why) {
  x.refused = std::move(why);
  if (x.over())
    tell(x, lane_turn::done);
}

void redis_lane::tell(lane_call& x, lane_turn what) {
  // Who leads, or is about to, sees by itself that its call is over, and hands
  // the lead on first.
  if (x.turn == lane_turn::leads)
    return;
  sleepers_.push_back(x.seat);
  // Afterwards a caller that is done may be gone.
  x.turn = what;
}

void redis_lane::wake_all(guard& lock) {
  if (sleepers_.empty())
    return;
  auto them = std::exchange(sleepers_, {});
  lock.unlock();
  for (auto& x : them)
    x->wake();
  lock.lock();
}

lane_call* redis_lane::first_alive() const noexcept {
  auto i = std::find_if(under_way_.begin(), under_way_.end(),
                        [](auto& x) { return x.who != nullptr; });
  return i == under_way_.end() ? nullptr : i->who;
}

} // namespace caf_pool

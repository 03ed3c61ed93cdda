#include "caf_pool/backend/redis_cluster/node_pool.hpp"

#include "caf_pool/core/duration_text.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool::cluster {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Whoever allows less tells nothing about the node if it is not enough.
constexpr duration fair_time = seconds{1};

/// Leaves time for another node if this one does not answer.
time_point end_of_opening(time_point now, duration limit, time_point deadline) {
  if (deadline == never)
    return add_saturated(now, limit);
  auto half = std::max((deadline - now) / 2, duration{milliseconds{1}});
  return std::min(add_saturated(now, std::min(limit, half)), deadline);
}

} // namespace

node_limits node_limits::from(const pool_config& config) {
  auto result = node_limits{};
  result.open_timeout = config.open_timeout;
  result.reset_timeout = config.reset_timeout;
  result.validation_bypass = config.validation_bypass;
  result.max_idle_time = config.max_idle_time;
  result.max_lifetime = config.max_lifetime;
  result.open_concurrency = std::max(config.open_concurrency, 1U);
  result.retry = config.retry;
  result.retry.start = std::min<duration>(config.retry.start, milliseconds{50});
  result.retry.cap = std::min<duration>(config.retry.cap, seconds{1});
  result.retry.floor = std::min(result.retry.floor, result.retry.start);
  result.breaker = config.breaker;
  auto& times = result.breaker;
  times.open_time = std::min<duration>(times.open_time, milliseconds{500});
  times.open_cap = std::min<duration>(times.open_cap, seconds{1});
  return result;
}

// -- lease --------------------------------------------------------------------

node_lease::node_lease(std::shared_ptr<node_pool> home, held what,
                       circuit_breaker::permit leave)
  : home_(std::move(home)),
    what_(std::move(what)),
    leave_(leave),
    began_(clock::now()) {
  // nop
}

node_lease::~node_lease() {
  if (what_.object != nullptr)
    home_->put_back(std::move(what_), leave_, began_);
}

// -- pool ---------------------------------------------------------------------

node_pool::node_pool(node_address where, backend_ptr server,
                     const node_limits& limits, random_source random)
  : where_(std::move(where)),
    server_(std::move(server)),
    limits_(limits),
    breaker_(limits.breaker, random.split()),
    backoff_(limits.retry, random.split()) {
  // nop
}

bool node_pool::too_old(const held& x, time_point now) const {
  auto is_over = [now](time_point since, duration limit) {
    return limit > duration::zero() && now - since > limit;
  };
  return is_over(x.opened, limits_.max_lifetime)
         || is_over(x.used, limits_.max_idle_time);
}

std::optional<node_pool::held> node_pool::take_idle(time_point now,
                                                    std::vector<held>& old) {
  while (!idle_.empty()) {
    auto last = std::move(idle_.back());
    idle_.pop_back();
    if (!too_old(last, now))
      return last;
    old.push_back(std::move(last));
  }
  return std::nullopt;
}

result<node_lease> node_pool::acquire(time_point deadline) {
  // Connections are closed when the lock is free.
  std::vector<held> old;
  auto lock = guard{mutex_};
  for (;;) {
    auto now = clock::now();
    auto leave = breaker_.try_acquire(now);
    if (!leave)
      return refusal(now);
    if (auto kept = take_idle(now, old)) {
      ++used_;
      lock.unlock();
      auto end = end_of_opening(now, limits_.open_timeout, deadline);
      if (now - kept->used <= limits_.validation_bypass
          || kept->object->probe(end))
        return node_lease{shared_from_this(), *std::move(kept), *leave};
      old.push_back(*std::move(kept));
      lock.lock();
      --used_;
      breaker_.ignored(*leave, clock::now());
      continue;
    }
    if (opening_ >= limits_.open_concurrency || !backoff_.may_try(now)) {
      breaker_.ignored(*leave, now);
      if (auto why = no_turn(lock, deadline))
        return *std::move(why);
      continue;
    }
    auto made = open(lock, *leave, deadline);
    if (!made)
      return made.error();
    return node_lease{shared_from_this(), *std::move(made), *leave};
  }
}

std::optional<error> node_pool::no_turn(guard& lock, time_point deadline) {
  auto now = clock::now();
  if (!backoff_.may_try(now)) {
    auto why = last_;
    why.message += "; the next attempt is due in "
                   + to_rough_text(backoff_.next_attempt() - now);
    return why;
  }
  auto end = std::min(deadline, add_saturated(now, std::chrono::hours{1}));
  if (changed_.wait_until(lock, end) == std::cv_status::no_timeout)
    return std::nullopt;
  return told({errc::open_timeout,
               "others open connections, and there was no time left",
               {}});
}

result<node_pool::held> node_pool::open(guard& lock, permit leave,
                                        time_point deadline) {
  ++opening_;
  lock.unlock();
  auto began = clock::now();
  auto end = end_of_opening(began, limits_.open_timeout, deadline);
  auto made = server_->open(end);
  auto now = clock::now();
  lock.lock();
  --opening_;
  changed_.notify_all();
  if (made) {
    ++opened_;
    ++used_;
    return held{*std::move(made), now, now};
  }
  ++open_errors_;
  last_ = told(made.error());
  if (made.error().code == errc::open_timeout && now - began < fair_time) {
    breaker_.ignored(leave, now);
  } else {
    breaker_.failed(leave, now - began, now);
    backoff_.failed(now);
  }
  return last_;
}

error node_pool::refusal(time_point now) const {
  auto text = "the node " + to_string(where_)
              + " failed too often and is left alone for "
              + to_rough_text(breaker_.open_for(now));
  if (last_)
    text += "; last failure: " + last_.message;
  return {errc::breaker_open, std::move(text), {}};
}

error node_pool::told(error why) const {
  why.message = "node " + to_string(where_) + ": " + why.message;
  return why;
}

void node_pool::put_back(held what, permit leave, time_point began) noexcept {
  auto now = clock::now();
  if (what.object->state() == trace::dirty)
    (void) what.object->reset(reset_policy::automatic,
                              add_saturated(now, limits_.reset_timeout));
  auto good = what.object->state() == trace::clean;
  std::vector<held> old;
  auto lock = guard{mutex_};
  --used_;
  now = clock::now();
  what.used = now;
  if (good) {
    breaker_.succeeded(leave, now - began, now);
    backoff_.succeeded();
  } else {
    breaker_.failed(leave, now - began, now);
    // Those that lie here are probably lost as well.
    old.swap(idle_);
  }
  if (good && !retired_)
    idle_.push_back(std::move(what));
  lock.unlock();
  changed_.notify_all();
}

void node_pool::sweep(time_point now) {
  std::vector<held> old;
  auto lock = guard{mutex_};
  auto kept = std::stable_partition(idle_.begin(), idle_.end(),
                                    [&](auto& x) { return !too_old(x, now); });
  old.assign(std::make_move_iterator(kept),
             std::make_move_iterator(idle_.end()));
  idle_.erase(kept, idle_.end());
  lock.unlock();
}

void node_pool::retire() {
  std::vector<held> old;
  auto lock = guard{mutex_};
  retired_ = true;
  old.swap(idle_);
  lock.unlock();
}

node_state node_pool::state() const {
  auto lock = guard{mutex_};
  return {where_,       static_cast<std::uint32_t>(idle_.size()),
          used_,        opened_,
          open_errors_, breaker_.state()};
}

} // namespace caf_pool::cluster

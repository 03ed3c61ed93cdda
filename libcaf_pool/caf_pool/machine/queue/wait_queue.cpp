#include "caf_pool/machine/queue/wait_queue.hpp"

#include <algorithm>
#include <bit>

namespace caf_pool {

wait_queue::wait_queue(const wait_queue_config& config)
  : config_(config), codel_(config.shed_target, config.shed_interval) {
  // nop
}

// -- coming -------------------------------------------------------------------

bool wait_queue::push(const waiter& x, time_point now) {
  if (size() >= config_.limit) {
    codel_.refused();
    return false;
  }
  auto slot = table_.insert(x);
  if (slot == no_waiter)
    return false;
  if (size() == 1)
    busy_since_ = now;
  enter(slot);
  return true;
}

// -- going --------------------------------------------------------------------

std::optional<waiter> wait_queue::pop(time_point now) {
  set_expired_aside(now);
  auto result = take_next();
  if (result)
    codel_.observe(now - result->enqueued);
  // An emptied queue is no overload, however long the last one waited.
  if (occupied_ == 0)
    codel_.observe_empty();
  return result;
}

std::optional<waiter> wait_queue::peek(time_point now) const {
  auto slot = deadlines_.next_deadline() > now
                ? choose([](const tenant_turns& x) { return x.front(); })
                : choose([this, now](const tenant_turns& x) {
                    return x.front_at(table_, now);
                  });
  if (slot == no_waiter)
    return std::nullopt;
  return table_[slot].value;
}

bool wait_queue::cancel(ticket x) {
  auto slot = table_.find(x);
  if (slot == no_waiter)
    return false;
  if (table_[slot].expired)
    expired_.remove(table_, slot);
  else
    leave(slot);
  table_.erase(slot);
  return true;
}

bool wait_queue::contains(ticket x) const {
  return table_.find(x) != no_waiter;
}

void wait_queue::expire(time_point now, std::vector<waiter>& out) {
  set_expired_aside(now);
  auto first = static_cast<std::ptrdiff_t>(out.size());
  while (!expired_.empty()) {
    auto slot = expired_.front();
    out.push_back(table_[slot].value);
    expired_.remove(table_, slot);
    table_.erase(slot);
    codel_.refused();
  }
  std::sort(out.begin() + first, out.end(),
            [](const waiter& x, const waiter& y) {
              return x.deadline != y.deadline ? x.deadline < y.deadline
                                              : came_before(x, y);
            });
}

void wait_queue::shed(time_point now, std::vector<waiter>& out) {
  if (!config_.shed)
    return;
  set_expired_aside(now);
  codel_.advance(longest_wait(now), now);
  if (!codel_.slow())
    return;
  while (longest_wait(now) > codel_.tolerated_wait()) {
    auto slot = arrivals_.front();
    out.push_back(table_[slot].value);
    leave(slot);
    table_.erase(slot);
  }
}

std::vector<waiter> wait_queue::drain() {
  std::vector<waiter> result;
  result.reserve(size());
  expire(time_point::min(), result);
  while (auto next = take_next())
    result.push_back(*next);
  return result;
}

// -- answers ------------------------------------------------------------------

time_point wait_queue::next_deadline() const noexcept {
  auto result = deadlines_.next_deadline();
  if (!expired_.empty())
    result = std::min(result, table_[expired_.front()].value.deadline);
  return result;
}

time_point wait_queue::next_shed() const noexcept {
  if (!config_.shed || arrivals_.empty() || !codel_.pressed())
    return never;
  if (!codel_.slow())
    return codel_.interval_end();
  auto oldest = table_[arrivals_.front()].value.enqueued;
  auto too_long = codel_.tolerated_wait() + duration{1};
  return std::min(codel_.interval_end(), add_saturated(oldest, too_long));
}

duration wait_queue::longest_wait(time_point now) const noexcept {
  if (arrivals_.empty())
    return duration::zero();
  auto oldest = table_[arrivals_.front()].value.enqueued;
  return std::max(now - oldest, duration::zero());
}

duration wait_queue::busy_for(time_point now) const noexcept {
  return empty() ? duration::zero() : now - busy_since_;
}

// -- settings -----------------------------------------------------------------

void wait_queue::configure(const wait_queue_config& x) {
  if (x.shed && !config_.shed)
    codel_ = codel{x.shed_target, x.shed_interval};
  config_ = x;
  expect_use(typical_use_);
}

void wait_queue::expect_use(duration typical) noexcept {
  typical_use_ = typical;
  codel_.configure(std::max(config_.shed_target, typical),
                   config_.shed_interval);
}

// -- details ------------------------------------------------------------------

std::size_t wait_queue::level_of(const waiter& x) noexcept {
  return std::min<std::size_t>(x.priority, priorities - 1);
}

void wait_queue::enter(waiter_slot x) {
  const auto& value = table_[x].value;
  auto level = level_of(value);
  levels_[level].insert(table_, x);
  occupied_ |= static_cast<std::uint8_t>(1u << level);
  arrivals_.insert(table_, x);
  deadlines_.push(x, value.deadline);
}

void wait_queue::leave(waiter_slot x) {
  auto level = level_of(table_[x].value);
  levels_[level].remove(table_, x);
  forget(x, level);
}

void wait_queue::forget(waiter_slot x, std::size_t level) {
  if (levels_[level].empty())
    occupied_ &= static_cast<std::uint8_t>(~(1u << level));
  arrivals_.remove(table_, x);
  deadlines_.remove(x);
}

void wait_queue::set_expired_aside(time_point now) {
  while (!deadlines_.empty() && deadlines_.next_deadline() <= now) {
    auto slot = deadlines_.top();
    leave(slot);
    table_[slot].expired = true;
    expired_.append(table_, slot);
  }
}

std::optional<waiter> wait_queue::take_next() {
  auto slot = choose([](const tenant_turns& x) { return x.front(); });
  if (slot == no_waiter)
    return std::nullopt;
  auto result = table_[slot].value;
  auto level = level_of(result);
  levels_[level].take(table_);
  forget(slot, level);
  table_.erase(slot);
  return result;
}

template <class FrontOf>
waiter_slot wait_queue::choose(FrontOf front_of) const {
  auto best = no_waiter;
  auto best_rank = never;
  // From the highest level down, so that it wins a tie.
  for (unsigned left = occupied_; left != 0;) {
    auto level = static_cast<unsigned>(std::bit_width(left)) - 1;
    left &= ~(1u << level);
    auto slot = front_of(levels_[level]);
    if (slot == no_waiter)
      continue;
    auto rank = table_[slot].value.enqueued - config_.ageing * level;
    if (best == no_waiter || rank < best_rank) {
      best = slot;
      best_rank = rank;
    }
    // Without ageing the highest level goes first, no matter who waits below.
    if (config_.ageing == duration::zero())
      break;
  }
  return best;
}

} // namespace caf_pool

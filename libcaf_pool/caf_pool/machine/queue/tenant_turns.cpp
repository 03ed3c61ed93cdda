#include "caf_pool/machine/queue/tenant_turns.hpp"

namespace caf_pool {

tenant_turns::tenant_turns() : lines_(1) {
  // nop
}

void tenant_turns::insert(waiter_table& table, waiter_slot x) {
  auto index = line_of(table[x].value.tenant);
  table[x].line = index;
  auto& waiters = lines_[index].waiters;
  if (waiters.empty())
    join(index);
  waiters.insert(table, x);
}

void tenant_turns::remove(waiter_table& table, waiter_slot x) {
  auto index = table[x].line;
  auto& waiters = lines_[index].waiters;
  waiters.remove(table, x);
  if (!waiters.empty())
    return;
  leave(index);
  if (index != 0) {
    index_.erase(lines_[index].tenant);
    free_.push_back(index);
  }
}

waiter_slot tenant_turns::front_at(const waiter_table& table,
                                   time_point now) const noexcept {
  for (auto i = front_; i != nobody; i = lines_[i].next) {
    const auto& waiters = lines_[i].waiters;
    for (auto x = waiters.front(); x != no_waiter; x = waiters.after(table, x))
      if (table[x].value.deadline > now)
        return x;
  }
  return no_waiter;
}

void tenant_turns::take(waiter_table& table) {
  auto index = front_;
  remove(table, lines_[index].waiters.front());
  if (front_ == index && front_ != back_) {
    leave(index);
    join(index);
  }
}

tenant_turns::line_index tenant_turns::line_of(std::uint32_t tenant) {
  if (tenant == 0)
    return 0;
  auto next
    = free_.empty() ? static_cast<line_index>(lines_.size()) : free_.back();
  auto [i, added] = index_.try_emplace(tenant, next);
  if (!added)
    return i->second;
  if (free_.empty())
    lines_.emplace_back();
  else
    free_.pop_back();
  lines_[next].tenant = tenant;
  return next;
}

void tenant_turns::join(line_index x) noexcept {
  lines_[x].previous = back_;
  lines_[x].next = nobody;
  (back_ == nobody ? front_ : lines_[back_].next) = x;
  back_ = x;
}

void tenant_turns::leave(line_index x) noexcept {
  auto previous = lines_[x].previous;
  auto next = lines_[x].next;
  (previous == nobody ? front_ : lines_[previous].next) = next;
  (next == nobody ? back_ : lines_[next].previous) = previous;
}

} // namespace caf_pool

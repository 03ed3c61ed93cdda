#include "caf_pool/machine/queue/waiter_table.hpp"

namespace caf_pool {

waiter_slot waiter_table::insert(const waiter& x) {
  auto next = free_.empty() ? static_cast<waiter_slot>(nodes_.size())
                            : free_.back();
  if (!index_.try_emplace(x.id, next).second)
    return no_waiter;
  if (free_.empty()) {
    nodes_.emplace_back();
    // So that `erase` never allocates.
    free_.reserve(nodes_.capacity());
  } else {
    free_.pop_back();
  }
  nodes_[next] = node{x, {}, {}, 0, false};
  return next;
}

void waiter_table::erase(waiter_slot x) {
  index_.erase(nodes_[x].value.id);
  free_.push_back(x);
}

waiter_slot waiter_table::find(ticket x) const {
  auto i = index_.find(x);
  return i == index_.end() ? no_waiter : i->second;
}

} // namespace caf_pool

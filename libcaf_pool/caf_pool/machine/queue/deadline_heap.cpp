#include "caf_pool/machine/queue/deadline_heap.hpp"

#include <algorithm>

namespace caf_pool {

void deadline_heap::push(slot x, time_point deadline) {
  if (x >= positions_.size())
    positions_.resize(x + 1);
  entries_.push_back({});
  sift_up(entries_.size() - 1, {deadline, x});
}

void deadline_heap::remove(slot x) noexcept {
  std::size_t hole = positions_[x];
  auto last = entries_.back();
  entries_.pop_back();
  if (hole == entries_.size())
    return;
  if (last.deadline < entries_[hole].deadline)
    sift_up(hole, last);
  else
    sift_down(hole, last);
}

void deadline_heap::place(std::size_t index, const entry& x) noexcept {
  entries_[index] = x;
  positions_[x.which] = static_cast<std::uint32_t>(index);
}

void deadline_heap::sift_up(std::size_t index, const entry& x) noexcept {
  while (index > 0) {
    auto parent = (index - 1) / arity;
    if (entries_[parent].deadline <= x.deadline)
      break;
    place(index, entries_[parent]);
    index = parent;
  }
  place(index, x);
}

void deadline_heap::sift_down(std::size_t index, const entry& x) noexcept {
  for (;;) {
    auto first = index * arity + 1;
    if (first >= entries_.size())
      break;
    auto end = std::min(first + arity, entries_.size());
    auto child = first;
    for (auto i = first + 1; i < end; ++i)
      if (entries_[i].deadline < entries_[child].deadline)
        child = i;
    if (x.deadline <= entries_[child].deadline)
      break;
    place(index, entries_[child]);
    index = child;
  }
  place(index, x);
}

} // namespace caf_pool

#pragma once

#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <vector>

namespace caf_pool {

/// Orders the slots of a table by deadline: an implicit four-ary heap that
/// knows where each slot is, so that any of them leaves in O(log n). Equal
/// deadlines come out in no particular order.
///
/// Thread-safety: like a plain value.
class deadline_heap {
public:
  using slot = std::uint32_t;

  /// Adds a slot that is not in the heap.
  void push(slot x, time_point deadline);

  /// Removes a slot that is in the heap.
  void remove(slot x) noexcept;

  bool empty() const noexcept {
    return entries_.empty();
  }

  std::size_t size() const noexcept {
    return entries_.size();
  }

  /// Returns the slot with the earliest deadline; the heap is not empty.
  slot top() const noexcept {
    return entries_.front().which;
  }

  /// Returns the earliest deadline; `never` if the heap is empty.
  time_point next_deadline() const noexcept {
    return entries_.empty() ? never : entries_.front().deadline;
  }

  void clear() noexcept {
    entries_.clear();
  }

private:
  struct entry {
    time_point deadline;
    slot which;
  };

  static constexpr std::size_t arity = 4;

  void place(std::size_t index, const entry& x) noexcept;
  void sift_up(std::size_t index, const entry& x) noexcept;
  void sift_down(std::size_t index, const entry& x) noexcept;

  std::vector<entry> entries_;
  /// Where each slot is in `entries_`; outdated for slots that left.
  std::vector<std::uint32_t> positions_;
};

} // namespace caf_pool

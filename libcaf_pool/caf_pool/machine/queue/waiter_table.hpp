#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <limits>
#include <unordered_map>
#include <vector>

namespace caf_pool {

/// A caller in the queue.
struct waiter {
  ticket id;
  time_point enqueued;
  time_point deadline;
  /// 0 is normal, 7 the highest; higher ones count as 7.
  std::uint8_t priority = 0;
  /// Whose share of the pool this waiter uses; 0 means nobody's in particular.
  std::uint32_t tenant = 0;

  friend bool operator==(const waiter&, const waiter&) = default;
};

/// Names a place in a `waiter_table`; reused when its waiter left.
using waiter_slot = std::uint32_t;

inline constexpr waiter_slot no_waiter
  = std::numeric_limits<waiter_slot>::max();

/// Where a waiter stands in one `waiter_list`.
struct waiter_links {
  waiter_slot previous = no_waiter;
  waiter_slot next = no_waiter;
};

/// Keeps the waiters of a queue in one block and finds them by ticket.
///
/// Thread-safety: like a plain value.
class waiter_table {
public:
  struct node {
    waiter value;
    /// Place in the line of the tenant, or among the expired.
    waiter_links turn;
    /// Place in the order of arrival.
    waiter_links arrival;
    /// The line that `turn` belongs to.
    std::uint32_t line = 0;
    bool expired = false;
  };

  /// Adds a waiter; returns `no_waiter` if the ticket is there already.
  waiter_slot insert(const waiter& x);

  void erase(waiter_slot x);

  /// Returns the slot of a ticket, or `no_waiter`.
  waiter_slot find(ticket x) const;

  node& operator[](waiter_slot x) noexcept {
    return nodes_[x];
  }

  const node& operator[](waiter_slot x) const noexcept {
    return nodes_[x];
  }

  std::size_t size() const noexcept {
    return index_.size();
  }

  bool empty() const noexcept {
    return index_.empty();
  }

private:
  std::vector<node> nodes_;
  std::vector<waiter_slot> free_;
  std::unordered_map<ticket, waiter_slot> index_;
};

/// Tells whether `x` came before `y`; tickets settle ties.
inline bool came_before(const waiter& x, const waiter& y) noexcept {
  return x.enqueued != y.enqueued ? x.enqueued < y.enqueued : x.id < y.id;
}

} // namespace caf_pool

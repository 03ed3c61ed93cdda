#pragma once

#include "caf_pool/machine/queue/waiter_list.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace caf_pool {

/// The waiters of one priority: a line per tenant, the tenants in turn.
///
/// ~~~
///            +--> tenant 7: w w w w      has its turn, then goes to the end
///   front ---+
///                 tenant 3: w
///   end -------->  tenant 0: w w         new lines join here
/// ~~~
///
/// Round-robin, as in "On Packet Switches with Infinite Storage" (Nagle, 1987);
/// all requests have one size.
///
/// Thread-safety: like a plain value. All calls are O(1), but for waiters that
/// are put back into the middle of a line.
class tenant_turns {
public:
  tenant_turns();

  bool empty() const noexcept {
    return front_ == nobody;
  }

  void insert(waiter_table& table, waiter_slot x);

  void remove(waiter_table& table, waiter_slot x);

  /// Returns whose turn it is, or `no_waiter`.
  waiter_slot front() const noexcept {
    return empty() ? no_waiter : lines_[front_].waiters.front();
  }

  /// Returns whose turn it would be if all with a deadline until `now` were
  /// gone, or `no_waiter`.
  waiter_slot front_at(const waiter_table& table,
                       time_point now) const noexcept;

  /// Removes `front()`, which was its tenant's turn.
  void take(waiter_table& table);

private:
  using line_index = std::uint32_t;

  static constexpr line_index nobody = no_waiter;

  struct line {
    std::uint32_t tenant = 0;
    line_index previous = nobody;
    line_index next = nobody;
    waiter_list<&waiter_table::node::turn> waiters;
  };

  line_index line_of(std::uint32_t tenant);
  void join(line_index x) noexcept;
  void leave(line_index x) noexcept;

  /// The first one is tenant 0's and stays, so that pools without tenants
  /// never look into `index_`; the others are reused when they are empty.
  std::vector<line> lines_;
  std::vector<line_index> free_;
  std::unordered_map<std::uint32_t, line_index> index_;
  line_index front_ = nobody;
  line_index back_ = nobody;
};

} // namespace caf_pool

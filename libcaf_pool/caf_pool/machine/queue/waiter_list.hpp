#pragma once

#include "caf_pool/machine/queue/waiter_table.hpp"

namespace caf_pool {

/// A doubly linked list through the nodes of a `waiter_table`; allocates
/// nothing.
///
/// Thread-safety: like a plain value.
template <waiter_links waiter_table::node::*Links>
class waiter_list {
public:
  bool empty() const noexcept {
    return front_ == no_waiter;
  }

  waiter_slot front() const noexcept {
    return front_;
  }

  static waiter_slot after(const waiter_table& table, waiter_slot x) noexcept {
    return (table[x].*Links).next;
  }

  void append(waiter_table& table, waiter_slot x) noexcept {
    link(table, back_, x, no_waiter);
  }

  /// Inserts in the order of arrival: at once for the newest and the oldest,
  /// else by walking from the front, where those stand that are put back.
  void insert(waiter_table& table, waiter_slot x) noexcept {
    const auto& value = table[x].value;
    if (empty() || came_before(table[back_].value, value)) {
      append(table, x);
      return;
    }
    auto next = front_;
    while (came_before(table[next].value, value))
      next = after(table, next);
    link(table, (table[next].*Links).previous, x, next);
  }

  void remove(waiter_table& table, waiter_slot x) noexcept {
    auto [previous, next] = table[x].*Links;
    (previous == no_waiter ? front_ : (table[previous].*Links).next) = next;
    (next == no_waiter ? back_ : (table[next].*Links).previous) = previous;
    table[x].*Links = waiter_links{};
  }

private:
  void link(waiter_table& table, waiter_slot previous, waiter_slot x,
            waiter_slot next) noexcept {
    table[x].*Links = waiter_links{previous, next};
    (previous == no_waiter ? front_ : (table[previous].*Links).next) = x;
    (next == no_waiter ? back_ : (table[next].*Links).previous) = x;
  }

  waiter_slot front_ = no_waiter;
  waiter_slot back_ = no_waiter;
};

} // namespace caf_pool

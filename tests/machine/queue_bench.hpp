#pragma once

#include "caf_pool/machine/queue/wait_queue.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <cstdint>
#include <vector>

namespace caf_pool {

/// A queue with its clock and a name for each waiter: its ticket.
struct queue_bench {
  using tickets = std::vector<std::uint64_t>;

  static wait_queue_config plain() {
    wait_queue_config result;
    result.limit = 100000;
    result.ageing = std::chrono::seconds{1};
    return result;
  }

  explicit queue_bench(const wait_queue_config& config = plain())
    : uut(config) {
    // nop
  }

  static tickets names_of(const std::vector<waiter>& xs) {
    tickets result;
    for (auto& x : xs)
      result.push_back(x.id.value);
    return result;
  }

  waiter make(std::uint64_t id, std::uint8_t priority = 0,
              std::uint32_t tenant = 0) const {
    return {ticket{id}, now, now + patience, priority, tenant};
  }

  bool push(std::uint64_t id, std::uint8_t priority = 0,
            std::uint32_t tenant = 0) {
    return uut.push(make(id, priority, tenant), now);
  }

  /// Returns who is served next, 0 for nobody. Looks before it takes.
  std::uint64_t pop() {
    auto expected = uut.peek(now);
    auto x = uut.pop(now);
    CHECK(x == expected);
    return x ? x->id.value : 0;
  }

  tickets pop(int n) {
    tickets result;
    while (n-- > 0)
      result.push_back(pop());
    return result;
  }

  tickets expire() {
    std::vector<waiter> out;
    uut.expire(now, out);
    return names_of(out);
  }

  tickets shed() {
    std::vector<waiter> out;
    uut.shed(now, out);
    return names_of(out);
  }

  wait_queue uut;
  time_point now = at(duration::zero());
  duration patience = std::chrono::seconds{30};
};

} // namespace caf_pool

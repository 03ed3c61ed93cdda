#include "caf_pool/machine/pool_machine.hpp"
#include "caf_pool/machine/rules/pool_rules.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace caf_pool {

namespace {

using complaints = std::vector<std::string>;

void expect(complaints& out, bool ok, const char* text) {
  if (!ok)
    out.emplace_back(text);
}

void check_counts(const pool_state& s, complaints& out) {
  std::array<std::uint32_t, connection_states> counts{};
  std::uint32_t taken = 0;
  for (auto& [id, record] : s.table.records()) {
    ++counts[static_cast<std::size_t>(record.state)];
    taken += record.front_taken;
    expect(out, id.value <= s.table.last_id(), "an id from the future");
  }
  for (std::size_t i = 0; i < counts.size(); ++i)
    expect(out, counts[i] == s.table.count(static_cast<connection_state>(i)),
           "a state is counted wrongly");
  expect(out, taken == s.table.front_taken(), "the front is counted wrongly");
  expect(out, rules::gauges(s).total() == s.table.size(),
         "the states do not add up to the total");
  expect(out, s.table.idle().size() == s.table.count(connection_state::idle),
         "the idle order does not match the states");
  for (auto id : s.table.idle())
    expect(out,
           s.table.find(id) != nullptr
             && s.table.find(id)->state == connection_state::idle,
           "the idle order has a connection that is not idle");
}

bool worker_has_it(connection_state x) {
  return x != connection_state::idle && x != connection_state::offered
         && x != connection_state::leased;
}

void check_connections(const pool_state& s, complaints& out) {
  for (auto& [id, record] : s.table.records()) {
    auto leased = record.state == connection_state::leased;
    auto* entry = s.leases.find(id);
    expect(out, !leased || (entry != nullptr && entry->id == record.lease),
           "a leased connection without its lease");
    expect(out,
           leased || record.state == connection_state::offered
             || entry == nullptr,
           "a lease on a connection that nobody holds");
    expect(out, entry == nullptr || entry->from_front != leased,
           "a lease from the wrong place");
    expect(out, worker_has_it(record.state) == (record.overdue_at != never),
           "a worker without a limit, or a limit without a worker");
    expect(out,
           !record.permit || record.state == connection_state::opening
             || record.state == connection_state::probing,
           "a permit of the breaker was not given back");
  }
  for (auto& entry : s.leases.entries())
    expect(out, s.table.find(entry.id.connection) != nullptr,
           "a lease on a connection that is gone");
}

void check_queue(const pool_state& s, time_point now, complaints& out) {
  expect(out, s.queue.size() == s.wishes.size(), "a waiter without a wish");
  if (s.queue.empty())
    return;
  expect(out, s.queue.next_deadline() > now,
         "a waiter without a future deadline");
  expect(out, s.life == pool_life::serving || s.life == pool_life::paused,
         "somebody waits for a pool that ends");
  auto breaker = s.breaker.state();
  expect(out,
         breaker != breaker_state::open
           && breaker != breaker_state::forced_open,
         "somebody waits for a server that is left in peace");
  expect(out, s.front_shut, "somebody waits beside an open front");
  if (s.life != pool_life::serving || !s.breaker.closed())
    return;
  auto fit = [&s, now](connection_id id) {
    return judge_for_hand_out(s.table.find(id)->age, s.config, s.generation,
                              s.suspect_before, now)
           == treatment::keep;
  };
  // First in, first out may keep a fit one back for the order's sake.
  auto& idle = s.table.idle();
  expect(out,
         s.config.order == hand_out_order::fifo
           || std::none_of(idle.begin(), idle.end(), fit),
         "somebody waits beside a free connection");
}

void check_wakeup(const pool_state& s, time_point now, complaints& out) {
  expect(out, s.planned_wakeup > now, "the wake-up is not in the future");
  auto over = s.life == pool_life::closed && s.table.size() == 0;
  expect(out, over || s.planned_wakeup != never, "nothing wakes the pool");
  expect(out, s.planned_wakeup <= s.queue.next_deadline(),
         "a waiter will be told too late");
}

} // namespace

std::vector<std::string> pool_machine::violations(time_point now) const {
  complaints result;
  check_counts(state_, result);
  check_connections(state_, result);
  check_queue(state_, now, result);
  check_wakeup(state_, now, result);
  return result;
}

} // namespace caf_pool

#include "machine/pool_bench.hpp"

#include <utility>

namespace caf_pool {

using namespace std::chrono_literals;

pool_config pool_bench::plain() {
  pool_config result;
  result.min_size = 0;
  result.max_size = 2;
  result.fast_lane = false;
  result.validate_on_acquire = false;
  result.health_check_interval = 0s;
  result.shed_overload = false;
  result.breaker.open_jitter_percent = 0;
  result.retry.floor = result.retry.start;
  return result;
}

pool_config pool_bench::with_front() {
  auto result = plain();
  result.fast_lane = true;
  return result;
}

pool_bench::pool_bench(const pool_config& config)
  : uut(config, pool_epoch{1}, 42) {
  note(uut.start(now));
}

lines pool_bench::note(effects orders) {
  lines result;
  for (auto& x : orders) {
    if (auto* event = std::get_if<effect::emit>(&x)) {
      events_.push_back(to_text(x));
      texts_.push_back(event->event);
      continue;
    }
    if (auto* look = std::get_if<effect::look>(&x)) {
      looks_ = look->number;
      if (!sighted) {
        for (auto& line : looked(errc::not_supported))
          result.push_back(std::move(line));
        continue;
      }
    }
    if (auto* rejection = std::get_if<effect::reject>(&x))
      why = rejection->why;
    result.push_back(to_text(x));
  }
  last = std::move(orders);
  auto wrong = uut.violations(now);
  for (auto& x : wrong)
    UNSCOPED_INFO(x);
  REQUIRE(wrong.empty());
  return result;
}

// -- inputs -------------------------------------------------------------------

lines pool_bench::pause() {
  return note(uut.pause(now));
}

lines pool_bench::resume() {
  return note(uut.resume(now));
}

lines pool_bench::drain() {
  return note(uut.drain(now));
}

lines pool_bench::shut_down() {
  return note(uut.shut_down(now));
}

lines pool_bench::reconnect() {
  return note(uut.reconnect(now));
}

lines pool_bench::configure(const pool_config& config, bool recycle) {
  return note(uut.configure(config, recycle, now));
}

lines pool_bench::force(breaker_state to) {
  return note(uut.force_breaker(to, now));
}

lines pool_bench::acquire(std::uint64_t caller, duration timeout) {
  acquire_input x;
  x.caller = ticket{caller};
  x.how.wait_until = now + timeout;
  x.how.holder = "caller " + std::to_string(caller);
  return acquire(x);
}

lines pool_bench::acquire(const acquire_input& x) {
  return note(uut.acquire(x, now));
}

lines pool_bench::try_acquire(std::uint64_t caller) {
  acquire_input x;
  x.caller = ticket{caller};
  x.how.wait_until = now + 10s;
  x.how.only_if_free = true;
  return acquire(x);
}

lines pool_bench::cancel(std::uint64_t caller) {
  return note(uut.cancel(ticket{caller}, now));
}

lines pool_bench::release(const lease_id& lease, const lease_end& how) {
  return note(uut.release(lease, how, now));
}

lines pool_bench::release(std::uint64_t connection, const lease_end& how) {
  return release(lease_of(connection), how);
}

lines pool_bench::release(std::uint64_t connection, trace left) {
  lease_end how;
  how.left = left;
  return release(connection, how);
}

lines pool_bench::holder_lost(std::uint64_t connection, bool busy) {
  return note(uut.holder_lost(lease_of(connection), busy, now));
}

lines pool_bench::settled(std::uint64_t connection, const lease_end& how) {
  auto lease = lease_id{{}, connection_id{connection}, 0};
  return note(uut.work_done(lease, how, false, now));
}

lines pool_bench::withdrawn(std::uint64_t connection, std::uint64_t uses) {
  return note(uut.withdrawn(connection_id{connection}, uses, now));
}

lines pool_bench::front_empty() {
  return note(uut.front_empty(now));
}

lines pool_bench::returned(std::uint64_t connection, const lease_end& how) {
  return note(uut.returned(connection_id{connection}, how, now));
}

lines pool_bench::claimed(std::uint64_t connection, std::uint64_t uses,
                          time_point since) {
  auto lease
    = lease_id::in_front(uut.state().epoch, connection_id{connection}, uses);
  return note(uut.claimed({lease, "by message", since, uses}, now));
}

lines pool_bench::observe(std::vector<front_view> slots) {
  return note(uut.observe_front(slots, now));
}

lines pool_bench::opened(std::uint64_t connection, duration took) {
  return note(uut.opened(connection_id{connection}, took, now));
}

lines pool_bench::not_opened(std::uint64_t connection) {
  return note(uut.not_opened(connection_id{connection}, now));
}

lines pool_bench::open_failed(std::uint64_t connection, errc code) {
  return note(
    uut.open_failed(connection_id{connection}, failure(code), 1ms, now));
}

lines pool_bench::probed(std::uint64_t connection, bool well) {
  return note(uut.probed(connection_id{connection}, well ? error{} : failure(),
                         1ms, now));
}

lines pool_bench::looked(errc code) {
  auto answer = code == errc::none ? error{} : error{code, "nobody", {}};
  return note(uut.looked(looks_, answer, now));
}

lines pool_bench::reset_done(std::uint64_t connection, bool well) {
  return note(
    uut.reset_done(connection_id{connection}, well ? error{} : failure(), now));
}

lines pool_bench::closed(std::uint64_t connection) {
  return note(uut.closed(connection_id{connection}, now));
}

lines pool_bench::tick() {
  return note(uut.tick(now));
}

// -- shorthands ---------------------------------------------------------------

lines pool_bench::pass(duration x) {
  lines result;
  auto end = now + x;
  while (uut.next_wakeup() <= end) {
    now = uut.next_wakeup();
    auto more = tick();
    result.insert(result.end(), more.begin(), more.end());
  }
  now = end;
  return result;
}

void pool_bench::fill(std::uint64_t n) {
  for (std::uint64_t i = 0; i < n; ++i)
    acquire(++tickets_);
  auto first = [this](connection_state x) -> std::uint64_t {
    for (auto& [id, record] : uut.state().table.records())
      if (record.state == x)
        return id.value;
    return 0;
  };
  while (auto id = first(connection_state::opening))
    opened(id);
  REQUIRE(uut.state().queue.empty());
  while (auto id = first(connection_state::leased))
    release(id);
  events();
}

lines pool_bench::restart() {
  auto& old = uut.state();
  auto next = pool_machine{old.config, pool_epoch{old.epoch.value + 1}, 43};
  auto orders = next.succeed(uut, now);
  uut = std::move(next);
  return note(std::move(orders));
}

lease_id pool_bench::lease_of(std::uint64_t connection) const {
  auto* record = uut.state().table.find(connection_id{connection});
  REQUIRE(record != nullptr);
  REQUIRE(record->state == connection_state::leased);
  return record->lease;
}

connection_state pool_bench::state_of(std::uint64_t connection) const {
  auto* record = uut.state().table.find(connection_id{connection});
  REQUIRE(record != nullptr);
  return record->state;
}

bool pool_bench::has(std::uint64_t connection) const {
  return uut.state().table.find(connection_id{connection}) != nullptr;
}

pool_gauges pool_bench::gauges() const {
  return uut.snapshot(now).gauges;
}

const pool_counters& pool_bench::counters() const {
  return uut.state().counters;
}

lines pool_bench::events() {
  return std::exchange(events_, {});
}

std::string pool_bench::text_of(event_kind kind) const {
  for (auto i = texts_.rbegin(); i != texts_.rend(); ++i)
    if (i->kind == kind)
      return i->text;
  return {};
}

error pool_bench::failure(errc code) {
  return {code, "the server said no", "08006"};
}

} // namespace caf_pool

#include "work/desk_bench.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

using namespace std::chrono_literals;

pool_config desk_bench::plain() {
  pool_config result;
  result.workers = 1;
  result.reset_timeout = 5s;
  result.close_timeout = 5s;
  result.shed_overload = false;
  return result;
}

desk_bench::desk_bench(const pool_config& config) : uut(config) {
  // nop
}

lines desk_bench::note(desk_effects orders) {
  lines result;
  for (auto& x : orders) {
    if (auto* begun = std::get_if<desk_effect::run>(&x))
      given_[begun->job] = begun->deadline - now;
    if (auto* ended = std::get_if<desk_effect::end>(&x))
      if (ended->how == job_end::hurried)
        hurried = *ended;
    result.push_back(to_text(x));
  }
  uut.reuse(std::move(orders));
  auto wrong = uut.violations();
  for (auto& x : wrong)
    UNSCOPED_INFO(x);
  REQUIRE(wrong.empty());
  return result;
}

// -- orders -------------------------------------------------------------------

job_order desk_bench::order_of(job_kind kind, std::uint64_t connection,
                               duration limit, std::uint64_t caller) const {
  auto result = job_order{{}, kind, connection_id{connection}};
  result.deadline = add_saturated(now, limit);
  result.caller = ticket{caller};
  return result;
}

lines desk_bench::order(job_order x) {
  x.id = uut.next_job();
  return note(uut.order(x, now));
}

lines desk_bench::order(job_kind kind, std::uint64_t connection,
                        duration limit) {
  auto caller = serves_caller(kind) ? connection : 0;
  return order(order_of(kind, connection, limit, caller));
}

lines desk_bench::open(std::uint64_t connection, duration limit) {
  return order(job_kind::open, connection, limit);
}

lines desk_bench::probe(std::uint64_t connection, duration limit) {
  return order(job_kind::probe, connection, limit);
}

lines desk_bench::reset(std::uint64_t connection, duration limit) {
  return order(job_kind::reset, connection, limit);
}

lines desk_bench::look(duration limit) {
  return order(job_kind::look, 0, limit);
}

lines desk_bench::execute(std::uint64_t connection, std::uint64_t caller,
                          duration limit) {
  return order(order_of(job_kind::execute, connection, limit, caller));
}

lines desk_bench::execute_on_lease(std::uint64_t connection,
                                   std::uint64_t caller, duration limit) {
  auto x = order_of(job_kind::execute, connection, limit, caller);
  x.on_lease = true;
  return order(x);
}

lines desk_bench::execute_within(std::uint64_t connection, std::uint64_t caller,
                                 duration allowed, duration limit) {
  auto x = order_of(job_kind::execute, connection, limit, caller);
  x.allowed = allowed;
  return order(x);
}

lines desk_bench::restrict(std::uint64_t connection, std::uint64_t caller,
                           duration limit) {
  return order(order_of(job_kind::restrict, connection, limit, caller));
}

lines desk_bench::cancel(std::uint64_t connection, duration limit) {
  return order(job_kind::cancel, connection, limit);
}

lines desk_bench::close(std::uint64_t connection, duration limit) {
  return order(job_kind::close, connection, limit);
}

lines desk_bench::close_held(std::uint64_t connection, duration limit) {
  auto x = order_of(job_kind::close, connection, limit);
  x.held = true;
  return order(x);
}

lines desk_bench::withdraw(std::uint64_t caller) {
  return note(uut.withdraw(ticket{caller}, now));
}

lines desk_bench::call_off(std::uint64_t connection) {
  return note(uut.call_off(connection_id{connection}, false, now));
}

lines desk_bench::abort_opening(std::uint64_t connection) {
  return note(uut.call_off(connection_id{connection}, true, now));
}

lines desk_bench::let_go(std::uint64_t connection) {
  return note(uut.let_go(connection_id{connection}, now));
}

lines desk_bench::configure(const pool_config& config) {
  return note(uut.configure(config, now));
}

lines desk_bench::drain(duration limit) {
  return note(uut.drain(limit, now));
}

lines desk_bench::succeed() {
  return note(uut.succeed(now));
}

// -- facts --------------------------------------------------------------------

lines desk_bench::finished(std::uint64_t job) {
  return finished(job, 1ms);
}

lines desk_bench::finished(std::uint64_t job, duration took) {
  return note(uut.finished(job_id{job}, {true, took}, now));
}

lines desk_bench::failed(std::uint64_t job) {
  return note(uut.finished(job_id{job}, {false, 1ms}, now));
}

lines desk_bench::tick() {
  auto result = note(uut.tick(now));
  REQUIRE(uut.next_wakeup() > now);
  return result;
}

// -- shorthands ---------------------------------------------------------------

lines desk_bench::pass(duration x) {
  lines result;
  auto end = now + x;
  while (uut.next_wakeup() <= end) {
    now = std::max(now, uut.next_wakeup());
    auto more = tick();
    result.insert(result.end(), more.begin(), more.end());
  }
  now = end;
  return result;
}

void desk_bench::occupy(std::uint64_t n) {
  auto running = [this] {
    return std::count_if(uut.jobs().begin(), uut.jobs().end(), [](auto& x) {
      return x.now == desk_job::stage::running;
    });
  };
  auto before = running();
  for (std::uint64_t i = 0; i < n; ++i)
    open(spare_++);
  REQUIRE(running() == before + static_cast<std::ptrdiff_t>(n));
}

duration desk_bench::given(std::uint64_t job) const {
  auto i = given_.find(job_id{job});
  REQUIRE(i != given_.end());
  return i->second;
}

bool desk_bench::busy(std::uint64_t connection) const {
  return uut.busy(connection_id{connection});
}

bool desk_bench::closes(std::uint64_t connection) const {
  return uut.closes(connection_id{connection});
}

bool desk_bench::serves(std::uint64_t caller) const {
  return uut.job_of(ticket{caller}) != nullptr;
}

std::size_t desk_bench::lost() const {
  return static_cast<std::size_t>(std::count_if(
    uut.jobs().begin(), uut.jobs().end(), [](auto& x) { return x.given_up; }));
}

} // namespace caf_pool

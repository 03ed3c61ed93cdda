#include "simulation/oracle.hpp"

#include <algorithm>

namespace caf_pool::simulation {

using namespace std::chrono_literals;

namespace {

void expect(bool ok, const char* text) {
  if (!ok)
    fail(text);
}

} // namespace

void fail(const std::string& what) {
  throw broken_promise{what};
}

oracle::oracle(const plan& what, truth& world, const front_model& front,
               const std::unique_ptr<pool_machine>& uut, const work_desk& desk)
  : plan_(what),
    truth_(world),
    front_(front),
    uut_(uut),
    desk_(desk),
    settings_(what.settings.front()),
    desk_settings_(what.settings.front()) {
  // nop
}

// -- inputs -------------------------------------------------------------------

void oracle::acquire(ticket x) {
  if (!waits(x))
    waiting_.push_back(x);
}

void oracle::cancel(ticket x) {
  if (!waits(x))
    return;
  std::erase(waiting_, x);
  ++expected_.cancelled;
}

void oracle::release(bool valid) {
  ++(valid ? expected_.released : expected_.stale_releases);
}

void oracle::lost_holder(bool valid) {
  ++(valid ? expected_.leases_revoked : expected_.stale_releases);
}

void oracle::settings(const pool_config& x, bool recycle, time_point now) {
  excused_ = std::max(excused_, settings_.max_size);
  // Those that are open get lifetimes by the new settings, too.
  if (x.max_lifetime != settings_.max_lifetime)
    for (auto& connection : truth_.connections)
      connection.lifetime = x.max_lifetime;
  settings_ = x;
  settings_since_ = now;
  attempts_.clear();
  if (!recycle)
    return;
  generation_since_ = now;
  looks_.clear();
  connects_.clear();
  seen_connects_.clear();
}

void oracle::reconnect(time_point now) {
  generation_since_ = now;
  attempts_.clear();
  looks_.clear();
  connects_.clear();
  seen_connects_.clear();
}

void oracle::restart(time_point now) {
  restarted_at_ = now;
  waiting_.clear();
  ++expected_.restarts;
}

void oracle::suspect(time_point now) {
  suspect_at_ = now;
}

void oracle::opened(connection_id id, time_point now) {
  auto& x = truth_.of(id);
  x.open = true;
  x.opened_at = now;
  x.proven_at = now;
  x.lifetime = settings_.max_lifetime;
  ++expected_.opened;
  failing_ = false;
  grew_at_ = now;
  attempts_.clear();
}

void oracle::open_failed() {
  failing_ = true;
}

void oracle::not_opened(time_point ordered_at) {
  auto i = std::find(seen_connects_.begin(), seen_connects_.end(), ordered_at);
  if (i != seen_connects_.end())
    seen_connects_.erase(i);
}

void oracle::looked(const error& why, bool had_time, time_point now) {
  found_ = !why;
  auto noticed = why.code != errc::not_supported
                 && (why.code != errc::open_failed || !why.state.empty());
  if (noticed && had_time)
    check_connect(now);
}

void oracle::begun(connection_id id) const {
  auto& uut = uut_->state();
  auto* record = uut.table.find(id);
  auto wanted = record != nullptr && record->state == connection_state::opening
                && !record->early;
  auto breaker = uut.breaker.state();
  expect(!wanted
           || (breaker != breaker_state::open
               && breaker != breaker_state::forced_open),
         "an attempt began at a server that is left in peace");
}

void oracle::took(connection_id id) {
  check_usable(id, "taken from the front", true);
  ++takes_;
}

// -- after an input -----------------------------------------------------------

void oracle::check_state(time_point now) const {
  auto wrong = uut_->violations(now);
  if (!wrong.empty())
    fail("the machine's state: " + wrong.front());
}

void oracle::check_world(time_point now) {
  check_size(now);
  check_deadlines(now);
  check_waiting(now);
  check_trial();
  check_leaks(now);
  check_counters();
  grows_ = may_grow(now);
  if (!grows_)
    grew_at_ = now;
}

void oracle::check_size(time_point now) {
  auto& table = uut_->state().table;
  excused_ = std::max(settings_.max_size, std::min(excused_, table.size()));
  expect(table.size() <= excused_, "more connections than the maximum");
  for (std::size_t i = 1; i < truth_.connections.size(); ++i) {
    auto& x = truth_.connections[i];
    if (!x.session || x.forgotten || table.find(connection_id{i}) != nullptr)
      continue;
    // The server still counts it, and the machine does not.
    expect(now >= x.job_deadline + grace || x.cut_off,
           "a slot was freed before the server's session was gone");
    x.forgotten = true;
  }
}

void oracle::check_deadlines(time_point now) const {
  for (auto x : waiting_)
    if (truth_.of(x).deadline <= now)
      fail("caller " + to_string(x) + " was not told at its deadline");
}

void oracle::check_waiting(time_point now) const {
  auto& s = uut_->state();
  if (waiting_.empty())
    return;
  expect(s.life == pool_life::serving || s.life == pool_life::paused,
         "somebody waits for a pool that ends");
  expect(front_.shut(), "somebody waits beside an open front");
  if (s.life != pool_life::serving || !s.breaker.closed())
    return;
  for (auto& [id, slot] : front_.slots())
    expect(slot.state != front_model::slot_state::offered,
           "somebody waits beside a free connection in the front");
  auto nothing = s.table.size() == 0 && s.retry.may_try(now)
                 && connects_in_a_second(now) + 1 < most_connects;
  expect(!nothing, "somebody waits and nothing is opened");
  if (settings_.order == hand_out_order::fifo)
    return; // it may hold a fit one back for the order's sake
  for (std::size_t i = 1; i < truth_.connections.size(); ++i) {
    auto& x = truth_.connections[i];
    auto idle = x.open && !x.broken && !x.offered && x.holder == nobody
                && !x.job && !x.running && !x.dirty && !x.tainted
                && !x.on_its_way;
    expect(!idle || !fresh(x, now) || x.proven_at <= s.suspect_before,
           "somebody waits beside a free connection");
  }
}

void oracle::check_trial() const {
  auto& s = uut_->state();
  auto goes_on = s.life == pool_life::serving || s.life == pool_life::paused;
  if (!goes_on || s.breaker.state() != breaker_state::half_open)
    return;
  auto tries = s.table.count(connection_state::opening)
               + s.table.count(connection_state::probing);
  expect(tries > 0 || s.table.size() >= settings_.max_size
           || connects_in_a_second(s.last_input) + 1 >= most_connects,
         "half-open, and nothing is tried");
}

void oracle::check_leaks(time_point now) const {
  auto threshold = settings_.leak_threshold;
  auto slack = plan_.timer_slack + 2ms;
  // Each of these sets the timer anew.
  auto since = std::max({settings_since_, thawed_at_, restarted_at_});
  if (threshold == 0s || now - since <= slack)
    return;
  for (std::size_t i = 0; i < truth_.callers.size(); ++i) {
    auto& x = truth_.callers[i];
    auto holds = x.now == caller_truth::stage::holding
                 || x.now == caller_truth::stage::granted;
    if (!holds || x.from_front || x.fenced)
      continue;
    auto needs = announced(static_cast<std::uint32_t>(i));
    auto held = now - x.known_at;
    expect(x.suspected || held <= std::max(threshold, needs) + slack,
           "a leak was not told of");
    expect(settings_.leak_revoke == 0s
             || held <= std::max(settings_.leak_revoke, needs) + slack,
           "a leak was not ended");
  }
}

void oracle::check_counters() const {
  auto counters = uut_->state().counters;
  auto expected = expected_;
  expected.acquired = grants_;
  if (takes_ > 0) {
    // What happens in the front is counted when it is looked at.
    expect(counters.acquired <= grants_ + takes_, "counted too many leases");
    expected.acquired = counters.acquired;
    expected.released = counters.released;
    // Revocations in the front may race with releases.
  }
  expected.resets = counters.resets;
  expected.reset_failures = counters.reset_failures;
  expected.probe_failures = counters.probe_failures;
  expected.breaker_openings = counters.breaker_openings;
  expected.late_results = counters.late_results;
  expect(counters == expected, "a counter is not the truth");
}

void oracle::check_end() const {
  auto& c = uut_->state().counters;
  expect(c.acquired == grants_ + takes_, "not every lease was counted");
  expect(c.acquired == c.released + c.leases_revoked,
         "leases begun and ended do not match");
  expect(uut_->state().leases.size() == 0, "a lease outlived its pool");
}

bool oracle::waits(ticket x) const {
  return std::find(waiting_.begin(), waiting_.end(), x) != waiting_.end();
}

// -- looking for the server ---------------------------------------------------

void oracle::check_look(time_point now) {
  std::erase_if(looks_, [now](time_point x) { return x < now - 3s; });
  if (looks_.empty())
    careful_since_ = now; // the pool had no reason to be before
  looks_.push_back(now);
  auto recent = std::count_if(looks_.begin(), looks_.end(),
                              [now](auto x) { return x > now - 1s; });
  expect(recent <= 25, "the server is looked for too often");
}

std::size_t oracle::connects_in_a_second(time_point now) const {
  return static_cast<std::size_t>(
    std::count_if(connects_.begin(), connects_.end(),
                  [now](auto x) { return x > now - lookout::window; }));
}

void oracle::check_connect(time_point now) {
  for (auto* list : {&connects_, &seen_connects_}) {
    std::erase_if(*list, [now](time_point x) { return x < now - 3s; });
    list->push_back(now);
  }
  auto since = std::max(careful_since_, now - 1s + 1ns);
  auto recent = std::count_if(seen_connects_.begin(), seen_connects_.end(),
                              [since](auto x) { return x >= since; });
  auto looks = plan_.sighted && !looks_.empty() && now - looks_.back() <= 2s;
  expect(!looks || static_cast<std::size_t>(recent) <= most_connects,
         "too many connects while the server is looked for");
}

} // namespace caf_pool::simulation

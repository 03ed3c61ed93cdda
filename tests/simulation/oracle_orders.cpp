#include "simulation/oracle.hpp"

#include <algorithm>
#include <variant>

namespace caf_pool::simulation {

using namespace std::chrono_literals;

namespace {

void expect(bool ok, const std::string& text) {
  if (!ok)
    fail(text);
}

std::string name(connection_id x) {
  return "connection " + to_string(x);
}

} // namespace

// -- one function per order ---------------------------------------------------

struct oracle::judge {
  oracle& o;
  time_point now;

  void operator()(const effect::grant& x) const {
    auto& caller = o.truth_.of(x.caller);
    expect(o.waits(x.caller),
           "caller " + to_string(x.caller) + " was answered twice");
    expect(now < caller.deadline,
           "caller " + to_string(x.caller) + " was served after its deadline");
    expect(o.uut_->state().life != pool_life::paused, "served while paused");
    o.check_turn(x.caller);
    o.answer(x.caller);
    o.check_time_left(x.caller, now);
    o.check_usable(x.lease.connection, "granted", false);
    o.check_fresh(x.lease.connection, "granted", now);
    ++o.grants_;
    if (x.waited > 0ns)
      ++o.expected_.acquired_after_wait;
  }

  void operator()(const effect::reject& x) const {
    expect(o.waits(x.caller),
           "caller " + to_string(x.caller) + " was answered twice");
    o.answer(x.caller);
    auto& c = o.expected_;
    if (x.why.message.starts_with("shed"))
      o.check_shed(now);
    else
      o.refused_at_ = now;
    if (x.why.code == errc::acquire_timeout) {
      check_timeout(x.caller);
      ++c.acquire_timeouts;
    } else if (x.why.code == errc::queue_full) {
      expect(o.waiting_.size() >= o.settings_.waiter_limit(),
             "the queue was full too early");
      ++c.queue_full;
    } else if (x.why.code == errc::overloaded) {
      ++c.shed;
    } else if (x.why.code == errc::breaker_open) {
      ++c.rejected_by_breaker;
    } else {
      ++c.rejected;
    }
    expect(!x.why.message.empty(), "a rejection without a word");
  }

  void operator()(const effect::open_connection& x) const {
    o.check_attempt(x.connection, now);
  }

  void operator()(const effect::call_off_opening& x) const {
    auto* record = o.uut_->state().table.find(x.connection);
    // It may have ended while the order was on its way.
    expect(record == nullptr || record->state == connection_state::opening
             || record->given_up,
           "an opening was called off that is none");
  }

  void operator()(const effect::probe_connection& x) const {
    o.check_usable(x.connection, "probed", false);
    expect(x.deadline > now, "a probe without time");
    check_peace("probed");
    ++o.expected_.probes;
  }

  void operator()(const effect::reset_connection& x) const {
    auto& c = o.truth_.of(x.connection);
    expect(c.open && !c.broken && c.holder == nobody && !c.running && !c.offered
             && !c.job,
           name(x.connection) + " was reset while somebody used it");
  }

  void operator()(const effect::close_connection& x) const {
    auto& c = o.truth_.of(x.connection);
    auto fenced = c.holder != nobody && o.truth_.callers[c.holder].fenced;
    expect(c.holder == nobody || (x.abort && fenced),
           name(x.connection) + " was closed under its holder");
    expect(x.abort || !c.running,
           name(x.connection) + " was closed under a statement");
    auto& s = o.uut_->state();
    auto ends = s.life == pool_life::draining || s.life == pool_life::closed;
    expect(ends || !c.open || c.opened_at != now
             || c.ordered_at <= o.generation_since_
             || s.table.alive() >= s.config.max_size,
           name(x.connection) + " was closed as soon as it was open");
  }

  void operator()(const effect::cancel_connection& x) const {
    auto& c = o.truth_.of(x.connection);
    expect(c.running && !c.job,
           name(x.connection) + " was cancelled for nothing");
  }

  void operator()(const effect::revoke_lease& x) const {
    auto& c = o.truth_.of(x.lease.connection);
    if (x.from_front)
      return; // its holder may have been faster
    expect(c.holder != nobody && o.truth_.callers[c.holder].lease == x.lease,
           "a lease was taken away from nobody");
    auto held = now - o.truth_.callers[c.holder].granted_at;
    auto ends = o.uut_->state().life == pool_life::closed;
    expect(ends || held >= o.announced(c.holder),
           "a lease was taken away before the time that was agreed");
  }

  void operator()(const effect::offer_connection& x) const {
    o.check_usable(x.connection, "offered", false);
    o.check_fresh(x.connection, "offered", now);
  }

  void operator()(const effect::withdraw_connection&) const {
    // nop
  }

  void operator()(const effect::withdraw_any&) const {
    // nop
  }

  void operator()(const effect::shut_front&) const {
    // nop
  }

  void operator()(const effect::look&) const {
    auto breaker = o.uut_->state().breaker.state();
    expect(breaker != breaker_state::forced_open,
           "the server was looked for though somebody wants it in peace");
    expect(o.uut_->state().life != pool_life::draining
             && o.uut_->state().life != pool_life::closed,
           "the server was looked for by a pool that ends");
    o.check_look(now);
  }

  void operator()(const effect::emit& x) const {
    auto& c = o.expected_;
    o.grew_at_ = now;
    switch (x.event.kind) {
      case event_kind::open_failed:
        ++c.open_failures;
        ++o.bad_news_;
        break;
      case event_kind::connection_lost:
        ++c.lost;
        ++o.bad_news_;
        break;
      case event_kind::connection_retired:
        ++c.retired;
        break;
      case event_kind::exhausted:
        ++c.exhausted;
        break;
      case event_kind::leak_suspected:
        ++c.leaks_suspected;
        suspected(x.event.connection);
        break;
      case event_kind::lease_revoked:
        ++c.leases_revoked;
        break;
      case event_kind::freeze_detected:
        ++c.freezes;
        break;
      case event_kind::breaker_changed:
        o.check_breaker(x.event.text);
        break;
      case event_kind::connection_opened:
      case event_kind::recovered:
      case event_kind::leak_cleared:
      case event_kind::pool_down:
      case event_kind::pool_up:
      case event_kind::pool_degraded:
      case event_kind::server_warning:
      case event_kind::pool_restarted:
      case event_kind::paused:
      case event_kind::resumed:
      case event_kind::draining:
      case event_kind::drained:
      case event_kind::reconfigured:
      case event_kind::invariant_broken:
        break;
    }
  }

  void check_timeout(ticket id) const {
    auto& caller = o.truth_.of(id);
    expect(now >= caller.deadline || o.plan_.scripts[id.value - 1].only_if_free,
           "a timeout before the deadline");
    o.check_growth(caller, now);
    auto late = now - std::max(caller.deadline, caller.asked_at);
    expect(late <= o.plan_.timer_slack || now == o.thawed_at_,
           "a timeout came late");
  }

  void suspected(connection_id id) const {
    auto holder = o.truth_.of(id).holder;
    if (holder == nobody)
      return; // the front's holder was faster than the look
    auto& x = o.truth_.callers[holder];
    if (x.from_front) {
      x.suspected = true; // it stays so if the machine gets the lease
      return;
    }
    expect(!x.suspected, "a leak was told of twice");
    auto needs = o.announced(holder);
    expect(now - x.granted_at >= std::max(o.settings_.leak_threshold, needs),
           "a leak was told of too early");
    x.suspected = true;
  }

  void check_peace(const char* verb) const {
    auto breaker = o.uut_->state().breaker.state();
    expect(breaker != breaker_state::open
             && breaker != breaker_state::forced_open,
           std::string{"the server was not left in peace: "} + verb);
  }
};

void oracle::order(const any_effect& x, time_point now) {
  std::visit(judge{*this, now}, x);
}

// -- rules --------------------------------------------------------------------

void oracle::answer(ticket x) {
  std::erase(waiting_, x);
}

duration oracle::announced(std::uint32_t who) const {
  auto& script = plan_.scripts[who];
  return script.announces ? script.hold : 0ns;
}

bool oracle::may_grow(time_point now) const {
  auto& s = uut_->state();
  auto soon = s.table.count(connection_state::opening)
              + s.table.count(connection_state::probing)
              + s.table.count(connection_state::resetting);
  return s.life == pool_life::serving && s.breaker.closed() && soon == 0
         && s.retry.may_try(now) && s.table.size() < settings_.max_size
         && connects_in_a_second(now) + 1 < most_connects;
}

void oracle::check_growth(const caller_truth& x, time_point now) const {
  auto since = std::max({x.asked_at, settings_since_, thawed_at_, grew_at_});
  // No opening took longer, whatever settings were in force.
  auto limit = plan_.timer_slack;
  for (auto& y : plan_.settings)
    limit = std::max(limit, y.open_timeout + plan_.timer_slack);
  expect(!grows_ || !may_grow(now) || now - since <= limit,
         "somebody waits for leases that do not come back");
}

void oracle::check_breaker(const std::string& change) {
  auto& b = settings_.breaker;
  auto in_row = b.consecutive_failures;
  auto of_many = (b.min_calls * b.failure_percent + 99) / 100;
  expect(!change.starts_with("open") || trial_ || b.slow_call > 0ns
           || bad_news_ >= std::min(in_row, of_many),
         "the breaker opened though the server hardly failed");
  bad_news_ = 0;
  trial_ = change.starts_with("half_open");
}

void oracle::check_turn(ticket x) const {
  auto& mine = plan_.scripts[x.value - 1];
  for (auto y : waiting_) {
    if (y == x)
      return;
    auto& other = plan_.scripts[y.value - 1];
    expect(other.priority != mine.priority || other.tenant != mine.tenant
             || truth_.of(y).asked_at == truth_.of(x).asked_at,
           "caller " + to_string(x) + " overtook caller " + to_string(y));
  }
}

void oracle::check_time_left(ticket x, time_point now) const {
  auto& script = plan_.scripts[x.value - 1];
  auto judged = script.limited && script.announces && settings_.shed_overload;
  expect(!judged || waiting_.empty()
           || truth_.of(x).deadline - now >= script.hold,
         "caller " + to_string(x)
           + " was served too late, and others might have been in time");
}

void oracle::check_shed(time_point now) const {
  duration interval{};
  for (auto& x : plan_.settings)
    interval = std::max(interval, x.shed_interval);
  expect(settings_.shed_overload && now - refused_at_ <= 18 * interval,
         "somebody was shed though everybody was served in time");
}

void oracle::check_usable(connection_id id, const char* verb,
                          bool in_front) const {
  auto& x = truth_.of(id);
  auto what = name(id) + " was " + verb + ' ';
  expect(x.open, what + "though it is not open");
  expect(!x.broken, what + "though it is broken");
  expect(x.holder == nobody, what + "while somebody holds it");
  expect(!x.job, what + "while a worker has it");
  expect(!x.on_its_way, what + "before it came back");
  expect(!x.running, what + "while a statement runs on it");
  for (auto& [number, job] : truth_.jobs)
    expect(job.what.connection != id || job.now != job_truth::stage::running,
           what + "while a worker has it");
  expect(x.offered == in_front, what + "though it is in the wrong place");
  expect(!x.dirty && !x.tainted, what + "with the traces of its last holder");
}

bool oracle::fresh(const connection_truth& x, time_point now) const {
  if (x.ordered_at < generation_since_ || x.proven_at <= suspect_at_)
    return false; // of the same moment, the machine need not know the order
  // The machine hears of a use in the front, not when it was.
  if (x.proven_in_front && x.opened_at <= suspect_at_)
    return false;
  // The jitter ends lives earlier, and only the machine knows when.
  if (x.lifetime > 0s && now >= x.opened_at + x.lifetime * 94 / 100)
    return false;
  auto age = now - x.proven_at + (x.proven_in_front ? 1ns : 0ns);
  return !settings_.validate_on_acquire || age <= settings_.validation_bypass;
}

void oracle::check_fresh(connection_id id, const char* verb,
                         time_point now) const {
  auto& x = truth_.of(id);
  auto what = name(id) + " was " + verb + ' ';
  expect(x.ordered_at >= generation_since_,
         what + "though all of its generation are replaced");
  expect(x.lifetime == 0s || now < x.opened_at + x.lifetime,
         what + "past its lifetime");
  expect(x.proven_at >= suspect_at_,
         what + "though nobody knows whether it still works");
  expect(!x.unlooked || !settings_.validate_on_release,
         what + "though nobody looked at it after its release");
  // Looks at the front tell of a use, not when it was.
  if (!settings_.validate_on_acquire || x.proven_in_front)
    return;
  expect(now - x.proven_at <= settings_.validation_bypass,
         what + "without a probe");
}

void oracle::check_attempt(connection_id id, time_point now) {
  expect(id.value == ++last_id_, "an identity was used again or left out");
  // Somebody was seen: the login that follows may well go on trial early.
  if (!found_ || uut_->state().breaker.state() != breaker_state::open)
    judge{*this, now}.check_peace("a connection was opened");
  check_connect(now);
  std::uint32_t others = 0;
  for (std::size_t i = 1; i < truth_.connections.size(); ++i) {
    auto& x = truth_.connections[i];
    auto* record = uut_->state().table.find(connection_id{i});
    auto given_up = record != nullptr && record->given_up;
    others += x.doing == job_kind::open && !x.forgotten && !given_up
              && now < x.job_deadline + 1s;
  }
  expect(others < settings_.open_concurrency, "too many openings at a time");
  expect(!failing_ || others <= (found_ ? 1 : 0),
         "more than one tries a failing server");
  attempts_.push_back(now);
  grew_at_ = now;
  constexpr std::size_t streak = 12;
  constexpr std::size_t tail = 6;
  if (!failing_ || attempts_.size() < streak)
    return;
  auto delay = std::min(settings_.retry.cap, settings_.retry.start * 32);
  auto took = now - attempts_[attempts_.size() - 1 - tail];
  expect(took >= delay * tail * 3 / 100, "a failing server is stormed");
}

} // namespace caf_pool::simulation

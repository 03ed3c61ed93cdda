#include "caf_pool/machine/policy/circuit_breaker.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

using permit = circuit_breaker::permit;

// The breaker as one would write it who never has to be fast: it keeps every
// sample and every trial and counts again each time.
struct naive_breaker {
  struct sample {
    time_point when;
    bool failure;
    bool slow;
  };

  explicit naive_breaker(const breaker_config& x) : config(x) {
    // nop
  }

  void go(breaker_state to) {
    state = to;
    ++epoch;
    row = 0;
    samples.clear();
    trials.clear();
    good = bad = sluggish = 0;
  }

  void open(time_point now) {
    auto wait = config.open_time;
    for (int i = 0; i < openings && wait < config.open_cap; ++i)
      wait *= 2;
    open_until = now + std::min(wait, config.open_cap);
    ++openings;
    go(breaker_state::open);
  }

  void close() {
    openings = 0;
    go(breaker_state::closed);
  }

  void judge(time_point now) {
    auto n = static_cast<double>(config.half_open_permits);
    if ((bad > 0 && bad / n * 100 >= config.failure_percent)
        || (sluggish > 0 && sluggish / n * 100 >= config.slow_percent))
      open(now);
    else if (good >= n)
      close();
  }

  void tick(time_point now) {
    if (state == breaker_state::open && now >= open_until)
      go(breaker_state::half_open);
    if (state != breaker_state::half_open)
      return;
    for (auto i = trials.begin(); i != trials.end();) {
      if (i->second + config.half_open_timeout <= now) {
        ++bad;
        i = trials.erase(i);
      } else {
        ++i;
      }
    }
    judge(now);
  }

  bool may_pass(time_point now) {
    tick(now);
    if (state == breaker_state::half_open)
      return trials.size() + static_cast<std::size_t>(good)
             < config.half_open_permits;
    return state == breaker_state::closed
           || state == breaker_state::forced_closed;
  }

  void took(permit x, time_point now) {
    if (state == breaker_state::half_open)
      trials.insert({x.id, now});
  }

  bool valid(permit x, time_point now) {
    tick(now);
    auto result
      = x.epoch == epoch
        && (state != breaker_state::half_open || trials.erase(x.id) > 0);
    if (!result)
      ++late;
    return result;
  }

  void report(permit x, bool failure, bool slow, time_point now) {
    if (!valid(x, now))
      return;
    if (state == breaker_state::half_open) {
      ++(failure ? bad : good);
      sluggish += slow ? 1 : 0;
      judge(now);
    } else if (state == breaker_state::closed) {
      row = failure ? row + 1 : 0;
      samples.push_back({now, failure, slow});
      if (failure || slow)
        look(now);
    }
  }

  void observed(unsigned successes, unsigned failures, time_point now) {
    tick(now);
    if (state != breaker_state::closed)
      return;
    samples.insert(samples.end(), successes, {now, false, false});
    samples.insert(samples.end(), failures, {now, true, false});
    row = successes > 0 ? 0 : row + failures;
    if (failures > 0)
      look(now);
  }

  void look(time_point now) {
    auto slice = [this](time_point x) {
      return x.time_since_epoch() / (config.window / 10);
    };
    auto all = 0.0;
    auto failures = 0.0;
    auto slow = 0.0;
    for (auto& x : samples) {
      if (slice(x.when) + 10 > slice(now)) {
        all += 1;
        failures += x.failure ? 1 : 0;
        slow += x.slow ? 1 : 0;
      }
    }
    auto enough = all >= config.min_calls;
    if (row >= config.consecutive_failures
        || (enough && failures > 0
            && failures / all * 100 >= config.failure_percent)
        || (enough && slow > 0 && slow / all * 100 >= config.slow_percent))
      open(now);
  }

  breaker_config config;
  breaker_state state = breaker_state::closed;
  std::uint64_t epoch = 1;
  std::uint64_t late = 0;
  std::uint32_t row = 0;
  int openings = 0;
  int good = 0;
  int bad = 0;
  int sluggish = 0;
  time_point open_until{};
  std::vector<sample> samples;
  std::map<std::uint64_t, time_point> trials;
};

breaker_config any_config() {
  breaker_config x;
  x.open_jitter_percent = 0;
  x.window = 1s;
  x.slow_call = 10ms;
  x.failure_percent = *rc::gen::element(10u, 34u, 50u, 100u);
  x.slow_percent = *rc::gen::element(25u, 60u, 100u);
  x.min_calls = *rc::gen::inRange(1u, 12u);
  x.consecutive_failures = *rc::gen::inRange(1u, 8u);
  x.open_time = 500ms;
  x.open_cap = 3s;
  x.half_open_permits = *rc::gen::inRange(1u, 5u);
  x.half_open_timeout = 700ms;
  return x;
}

// One history: both sides get the same inputs.
struct comparison {
  explicit comparison(const breaker_config& x)
    : uut(x, random_source{1}), model(x) {
    // nop
  }

  void acquire() {
    auto expected = model.may_pass(now);
    auto x = uut.try_acquire(now);
    RC_ASSERT(x.has_value() == expected);
    if (!x)
      return;
    RC_ASSERT(ids.insert(x->id).second); // never reused
    RC_ASSERT(x->epoch == model.epoch);
    model.took(*x, now);
    permits.push_back(*x);
  }

  // Ends any permit, also one that ended before or is long outdated.
  void end() {
    if (permits.empty())
      return;
    auto x = *rc::gen::elementOf(permits);
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        model.valid(x, now);
        uut.ignored(x, now);
        break;
      case 1:
        model.report(x, false, true, now);
        uut.succeeded(x, 11ms, now);
        break;
      case 2:
        model.report(x, true, false, now);
        uut.failed(x, 10ms, now);
        break;
      default:
        model.report(x, false, false, now);
        uut.succeeded(x, 1ms, now);
        break;
    }
  }

  void observe() {
    auto successes = *rc::gen::inRange(0u, 4u);
    auto failures = *rc::gen::inRange(0u, 3u);
    model.observed(successes, failures, now);
    uut.observed(successes, failures, now);
  }

  void force() {
    auto to
      = *rc::gen::element(breaker_state::closed, breaker_state::forced_open,
                          breaker_state::forced_closed);
    model.tick(now);
    if (model.state != to)
      to == breaker_state::closed ? model.close() : model.go(to);
    RC_ASSERT(uut.force(to, now));
  }

  void step() {
    auto what = *rc::gen::inRange(0, 100);
    if (what < 35) {
      acquire();
    } else if (what < 70) {
      end();
    } else if (what < 75) {
      observe();
    } else if (what < 98) {
      now += std::chrono::milliseconds{*rc::gen::inRange(0, 400)};
      ticked = *rc::gen::inRange(0, 2) == 1;
      if (ticked) {
        model.tick(now);
        uut.tick(now);
      }
    } else {
      force();
    }
  }

  void check() const {
    RC_ASSERT(uut.state() == model.state);
    RC_ASSERT(uut.epoch() == model.epoch);
    RC_ASSERT(uut.late_results() == model.late);
    auto open = model.state == breaker_state::open;
    auto left = open ? std::max(model.open_until - now, duration{0}) : 0s;
    RC_ASSERT(uut.open_for(now) == left);
    RC_ASSERT((!ticked || uut.next_wakeup() > now));
    RC_ASSERT((uut.next_wakeup() == never) == (!open && model.trials.empty()));
  }

  circuit_breaker uut;
  naive_breaker model;
  time_point now = at(0s);
  /// Whether both know that it is `now`; any other input tells them, too.
  bool ticked = true;
  std::vector<permit> permits;
  std::set<std::uint64_t> ids;
};

} // namespace

TEST_CASE("the breaker behaves like a naive one under any history",
          "[trap-T45][trap-T46][trap-T47][trap-T48]") {
  CHECK(rc::check("model", [] {
    comparison both{any_config()};
    for (auto n = *rc::gen::inRange(0, 400); n > 0; --n) {
      both.step();
      both.check();
    }
  }));
}

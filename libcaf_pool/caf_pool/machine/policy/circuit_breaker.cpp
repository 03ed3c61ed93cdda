#include "caf_pool/machine/policy/circuit_breaker.hpp"

#include "caf_pool/machine/policy/growth.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace caf_pool {

namespace {

/// Tells whether `part` of `whole` is at least `percent`, without rounding.
bool reaches(std::uint64_t part, std::uint64_t whole,
             std::uint32_t percent) noexcept {
  return part > 0 && part * 100 >= whole * percent;
}

} // namespace

circuit_breaker::circuit_breaker(const breaker_config& config,
                                 random_source random)
  : config_(config), random_(random) {
  memory_.window.resize(config.window);
}

void circuit_breaker::restore(memory x) {
  memory_ = x;
  // Permits of the predecessor belong to its epoch.
  ++memory_.epoch;
  trials_.clear();
  ended_trials_ = {};
  configure(config_);
}

// -- inputs -------------------------------------------------------------------

std::optional<circuit_breaker::permit> circuit_breaker::try_acquire(
  time_point now) {
  tick(now);
  switch (memory_.state) {
    case breaker_state::closed:
    case breaker_state::forced_closed:
      return permit{memory_.epoch, ++last_id_};
    case breaker_state::half_open:
      if (trials_.size() + ended_trials_.calls - ended_trials_.failures
          >= config_.half_open_permits)
        return std::nullopt;
      trials_.push_back(
        {++last_id_, add_saturated(now, config_.half_open_timeout)});
      return permit{memory_.epoch, last_id_};
    case breaker_state::open:
    case breaker_state::forced_open:
      return std::nullopt;
  }
  return std::nullopt;
}

void circuit_breaker::succeeded(permit x, duration took, time_point now) {
  report(x, false, took, now);
}

void circuit_breaker::failed(permit x, duration took, time_point now) {
  report(x, true, took, now);
}

void circuit_breaker::ignored(permit x, time_point now) {
  tick(now);
  accept(x);
}

void circuit_breaker::observed(std::uint64_t successes, std::uint64_t failures,
                               time_point now) {
  tick(now);
  if (memory_.state != breaker_state::closed || successes + failures == 0)
    return;
  if (successes > 0)
    memory_.failures_in_row = 0;
  else
    count_failures_in_row(failures);
  count({successes + failures, failures, 0}, now);
}

void circuit_breaker::tick(time_point now) {
  if (memory_.state == breaker_state::open && now >= memory_.open_until)
    enter(breaker_state::half_open);
  if (memory_.state != breaker_state::half_open)
    return;
  auto ended
    = std::erase_if(trials_, [now](const trial& x) { return x.limit <= now; });
  ended_trials_.calls += ended;
  ended_trials_.failures += ended;
  judge_trials(now);
}

bool circuit_breaker::force(breaker_state to, time_point now) {
  tick(now);
  if (to == memory_.state)
    return true;
  switch (to) {
    case breaker_state::half_open:
      if (closed() || !config_.enabled)
        return false;
      break;
    case breaker_state::open:
      if (!config_.enabled)
        return false;
      open(now);
      return true;
    case breaker_state::closed:
      close();
      return true;
    case breaker_state::forced_open:
    case breaker_state::forced_closed:
      break;
  }
  enter(to);
  return true;
}

void circuit_breaker::configure(const breaker_config& x) {
  config_ = x;
  memory_.window.resize(x.window);
  if (!x.enabled
      && (memory_.state == breaker_state::open
          || memory_.state == breaker_state::half_open))
    close();
}

// -- answers ------------------------------------------------------------------

duration circuit_breaker::open_for(time_point now) const noexcept {
  if (memory_.state != breaker_state::open || now >= memory_.open_until)
    return duration::zero();
  return memory_.open_until - now;
}

time_point circuit_breaker::next_wakeup() const noexcept {
  if (memory_.state == breaker_state::open)
    return memory_.open_until;
  auto result = never;
  for (auto& x : trials_)
    result = std::min(result, x.limit);
  return result;
}

std::vector<circuit_breaker::transition> circuit_breaker::take_transitions() {
  return std::exchange(transitions_, {});
}

// -- details ------------------------------------------------------------------

bool circuit_breaker::accept(permit x) {
  auto valid = x.epoch == memory_.epoch;
  if (valid && memory_.state == breaker_state::half_open)
    valid = std::erase_if(trials_, [x](const trial& y) { return y.id == x.id; })
            > 0;
  if (!valid)
    ++memory_.late_results;
  return valid;
}

void circuit_breaker::report(permit x, bool failure, duration took,
                             time_point now) {
  tick(now);
  if (!accept(x))
    return;
  auto slow = config_.slow_call > duration::zero() && took > config_.slow_call;
  call_window::counts sample{1, failure ? 1u : 0u, slow ? 1u : 0u};
  switch (memory_.state) {
    case breaker_state::closed:
      if (failure)
        count_failures_in_row(1);
      else
        memory_.failures_in_row = 0;
      count(sample, now);
      break;
    case breaker_state::half_open:
      ended_trials_.calls += sample.calls;
      ended_trials_.failures += sample.failures;
      ended_trials_.slow += sample.slow;
      judge_trials(now);
      break;
    case breaker_state::open:
    case breaker_state::forced_open:
    case breaker_state::forced_closed:
      break;
  }
}

void circuit_breaker::count_failures_in_row(std::uint64_t x) noexcept {
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  memory_.failures_in_row = static_cast<std::uint32_t>(
    std::min(most, memory_.failures_in_row + std::min(most, x)));
}

void circuit_breaker::count(const call_window::counts& x, time_point now) {
  if (!config_.enabled)
    return;
  memory_.window.add(x, now);
  // A good call never opens, although it may complete `min_calls`.
  if (x.failures == 0 && x.slow == 0)
    return;
  auto sum = memory_.window.sum(now);
  auto enough = sum.calls >= config_.min_calls;
  if (memory_.failures_in_row >= config_.consecutive_failures
      || (enough && reaches(sum.failures, sum.calls, config_.failure_percent)))
    open(now);
  else if (enough && reaches(sum.slow, sum.calls, config_.slow_percent))
    open(now, true);
}

void circuit_breaker::judge_trials(time_point now) {
  auto permits = config_.half_open_permits;
  if (reaches(ended_trials_.failures, permits, config_.failure_percent))
    open(now);
  else if (reaches(ended_trials_.slow, permits, config_.slow_percent))
    open(now, true);
  else if (ended_trials_.calls - ended_trials_.failures >= permits)
    close();
}

void circuit_breaker::open(time_point now, bool slow) {
  memory_.slow = slow;
  auto base = grown(config_.open_time, config_.open_factor, memory_.openings,
                    config_.open_cap);
  auto spread = percent_of(base, config_.open_jitter_percent);
  auto wait = random_.between(base - spread, base + spread);
  memory_.open_until = add_saturated(now, wait);
  if (memory_.openings < std::numeric_limits<std::uint32_t>::max())
    ++memory_.openings;
  enter(breaker_state::open);
}

void circuit_breaker::close() {
  memory_.openings = 0;
  enter(breaker_state::closed);
}

void circuit_breaker::enter(breaker_state to) {
  transitions_.push_back({memory_.state, to});
  memory_.state = to;
  ++memory_.epoch;
  memory_.failures_in_row = 0;
  memory_.window.clear();
  trials_.clear();
  ended_trials_ = {};
}

} // namespace caf_pool

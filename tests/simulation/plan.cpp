#include "simulation/plan.hpp"

#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include "simulation/dice.hpp"

#include <algorithm>

namespace caf_pool::simulation {

using namespace std::chrono_literals;

namespace {

using ms = std::chrono::milliseconds;

// -- settings -----------------------------------------------------------------

void draw_limits(pool_config& x, random_source& r) {
  x.max_size = static_cast<std::uint32_t>(1 + r.below(6));
  x.min_size
    = static_cast<std::uint32_t>(chance(r, 50) ? 0 : r.below(x.max_size + 1));
  x.max_overflow
    = static_cast<std::uint32_t>(chance(r, 70) ? 0 : r.below(x.max_size));
  x.max_waiters
    = static_cast<std::uint32_t>(chance(r, 70) ? 0 : 1 + r.below(8));
  x.open_concurrency = static_cast<std::uint32_t>(1 + r.below(4));
  x.open_timeout = one_of<duration>(r, 200ms, 500ms, 2s);
  x.reset_timeout = one_of<duration>(r, 100ms, 300ms);
  x.close_timeout = one_of<duration>(r, 100ms, 300ms);
  x.health_check_timeout = one_of<duration>(r, 100ms, 300ms);
  x.execute_timeout = one_of<duration>(r, 50ms, 300ms, 2s);
  x.workers = static_cast<std::uint32_t>(1 + r.below(4));
}

void draw_lifetimes(pool_config& x, random_source& r) {
  x.max_idle_time = one_of<duration>(r, 0s, 1s, 5s, 300s);
  x.max_lifetime = one_of<duration>(r, 0s, 3s, 20s, 3600s);
  x.overflow_idle_time = one_of<duration>(r, 300ms, 2s);
  x.sweep_interval = one_of<duration>(r, 500ms, 2s, 60s);
  x.validate_on_acquire = chance(r, 60);
  x.validation_bypass = one_of<duration>(r, 0ms, 50ms, 500ms);
  x.validate_on_release = chance(r, 20);
  x.max_validation_failures = static_cast<std::uint32_t>(1 + r.below(3));
  x.health_check_interval = one_of<duration>(r, 0s, 1s, 10s);
  x.reset_on_release
    = one_of(r, reset_policy::automatic, reset_policy::automatic,
             reset_policy::none, reset_policy::full);
  x.warm_up = one_of(r, warm_up_policy::none, warm_up_policy::to_min);
}

void draw_fairness(pool_config& x, random_source& r) {
  x.order = one_of(r, hand_out_order::lifo, hand_out_order::lifo,
                   hand_out_order::fifo);
  x.priority_ageing = one_of<duration>(r, 0s, 100ms, 1s);
  x.shed_overload = chance(r, 60);
  x.shed_target = one_of<duration>(r, 5ms, 50ms);
  x.shed_interval = one_of<duration>(r, 50ms, 500ms);
  x.fast_lane = chance(r, 60);
  x.leak_threshold = one_of<duration>(r, 0s, 0s, 300ms, 2s);
  if (x.leak_threshold > 0s && chance(r, 60))
    x.leak_revoke = x.leak_threshold * 3;
}

void draw_retries(pool_config& x, random_source& r) {
  x.retry.start = one_of<duration>(r, 20ms, 100ms, 500ms);
  x.retry.cap = one_of<duration>(r, 500ms, 2s);
  x.retry.floor = one_of<duration>(r, 5ms, 20ms);
  x.retry.attempts = static_cast<std::uint32_t>(1 + r.below(5));
  auto& b = x.breaker;
  b.enabled = chance(r, 85);
  b.consecutive_failures = static_cast<std::uint32_t>(2 + r.below(4));
  b.min_calls = static_cast<std::uint32_t>(5 + r.below(20));
  b.window = one_of<duration>(r, 1s, 10s);
  b.open_time = one_of<duration>(r, 100ms, 500ms, 1s);
  b.open_cap = 2s;
  b.half_open_permits = static_cast<std::uint32_t>(1 + r.below(2));
  b.half_open_timeout = one_of<duration>(r, 300ms, 1s);
  if (chance(r, 10))
    b.slow_call = 100ms;
}

pool_config draw_settings(random_source& r) {
  pool_config result;
  draw_limits(result, r);
  draw_lifetimes(result, r);
  draw_fairness(result, r);
  draw_retries(result, r);
  return result;
}

/// New settings in the middle of a run: other limits, the rest as it was.
pool_config redraw_settings(const pool_config& x, random_source& r) {
  auto result = x;
  if (chance(r, 70))
    draw_limits(result, r);
  if (chance(r, 30))
    draw_lifetimes(result, r);
  if (chance(r, 30))
    draw_fairness(result, r);
  if (chance(r, 20))
    draw_retries(result, r);
  return result;
}

// -- callers ------------------------------------------------------------------

/// What kind of crowd the callers are.
struct crowd {
  duration longest_hold;
  duration longest_patience;
  std::uint32_t local;
  std::uint32_t unkind;
  std::uint32_t givers_up;
  std::uint32_t forgetful;
  std::uint32_t executing;
  bool classes;
};

fate draw_fate(const crowd& c, random_source& r) {
  if (chance(r, c.forgetful))
    return fate::forgets;
  if (!chance(r, c.unkind))
    return fate::clean;
  return one_of(r, fate::dirty, fate::dirty, fate::broken, fate::unused,
                fate::dies, fate::dies_busy);
}

caller_script draw_caller(const crowd& c, random_source& r) {
  caller_script x;
  x.patience = chance(r, 3) ? 0ms : r.between(1ms, c.longest_patience);
  x.hold = r.between(100us, c.longest_hold);
  if (chance(r, c.givers_up))
    x.gives_up_after = r.between(1ms, x.patience);
  x.delivery = chance(r, 50) ? 0ms : r.between(0ms, 3ms);
  if (chance(r, c.unkind))
    x.releases_again = r.between(100us, 300ms);
  x.announces = chance(r, 10);
  if (x.announces)
    x.hold = r.between(100us, 3s);
  x.limited = chance(r, 30);
  if (c.classes) {
    x.priority = static_cast<std::uint8_t>(chance(r, 60) ? 0 : r.below(8));
    x.tenant = static_cast<std::uint32_t>(chance(r, 60) ? 0 : r.below(3));
  }
  x.end = draw_fate(c, r);
  x.only_if_free = chance(r, 8);
  x.local = chance(r, c.local);
  x.by_slot = x.local && chance(r, 70);
  x.doubled = chance(r, 3);
  x.by_id = x.local && !x.announces && chance(r, 40);
  if (x.by_id)
    x.claimed_after = r.between(0ms, 2 * x.hold);
  if (x.local || x.end == fate::forgets)
    return x;
  x.read_only = chance(r, 20);
  auto ends = x.end == fate::clean || x.end == fate::dirty;
  if (ends && chance(r, c.executing))
    x.runs = r.between(50us, x.hold);
  return x;
}

crowd draw_crowd(random_source& r) {
  crowd c;
  c.longest_hold = one_of<duration>(r, 2ms, 20ms, 200ms);
  c.longest_patience = one_of<duration>(r, 20ms, 200ms, 2s, 5s);
  c.local = one_of(r, 0u, 50u, 90u);
  c.unkind = one_of(r, 0u, 10u, 40u);
  c.givers_up = one_of(r, 0u, 10u, 30u);
  c.forgetful = one_of(r, 0u, 0u, 3u);
  c.executing = one_of(r, 0u, 40u, 90u);
  c.classes = chance(r, 30);
  return c;
}

/// Callers come in bursts, with quiet times between them.
void draw_arrivals(plan& x, random_source& r) {
  auto c = draw_crowd(r);
  auto n = 20 + r.below(80);
  duration when = 0ms;
  while (x.scripts.size() < n) {
    when += chance(r, 70) ? r.between(0ms, 50ms) : r.between(0ms, 2s);
    auto burst = chance(r, 60) ? 1 : 1 + r.below(15);
    for (std::uint64_t i = 0; i < burst; ++i) {
      auto which = static_cast<std::uint32_t>(x.scripts.size());
      x.scripts.push_back(draw_caller(c, r));
      x.stimuli.push_back(
        {when + r.between(0ms, 2ms), deed::arrive, which, 0ms});
    }
  }
  x.length = when + 1s;
  // The last one comes when all is well again.
  caller_script last;
  last.patience = 3s;
  last.hold = 1ms;
  x.scripts.push_back(last);
}

// -- trouble ------------------------------------------------------------------

duration some_time(const plan& x, random_source& r) {
  return r.between(0ms, x.length);
}

void draw_server(plan& x, random_source& r) {
  for (auto n = r.below(4); n > 0; --n) {
    auto when = some_time(x, r);
    auto mode = 1 + r.below(6);
    x.stimuli.push_back(
      {when, deed::server, static_cast<std::uint32_t>(mode), 0ms});
    auto until = when + r.between(1ms, one_of<duration>(r, 100ms, 2s, 5s));
    x.stimuli.push_back({until, deed::server, 0, 0ms});
  }
}

void draw_pair(plan& x, random_source& r, deed first, deed second) {
  auto when = some_time(x, r);
  x.stimuli.push_back({when, first, 0, 0ms});
  x.stimuli.push_back({when + r.between(1ms, 1s), second, 0, 0ms});
}

void draw_operator(plan& x, random_source& r) {
  if (chance(r, 30))
    draw_pair(x, r, deed::pause, deed::resume);
  if (chance(r, 15))
    draw_pair(x, r, deed::force_open, deed::unforce);
  if (chance(r, 10))
    draw_pair(x, r, deed::force_closed, deed::unforce);
  if (chance(r, 30))
    x.stimuli.push_back({some_time(x, r), deed::reconnect, 0, 0ms});
  for (auto n = chance(r, 40) ? 1 + r.below(3) : 0; n > 0; --n) {
    auto which = static_cast<std::uint32_t>(x.settings.size());
    x.settings.push_back(redraw_settings(x.settings.front(), r));
    auto what = one_of(r, deed::configure, deed::recycle);
    x.stimuli.push_back({some_time(x, r), what, which, 0ms});
  }
}

void draw_machinery(plan& x, random_source& r) {
  for (auto n = chance(r, 25) ? 1 + r.below(2) : 0; n > 0; --n)
    x.stimuli.push_back(
      {some_time(x, r), deed::freeze, 0, r.between(10ms, 90s)});
  for (auto n = chance(r, 35) ? 1 + r.below(3) : 0; n > 0; --n)
    x.stimuli.push_back({some_time(x, r), deed::restart, 0, 0ms});
  for (auto n = r.below(4); n > 0; --n)
    x.stimuli.push_back({some_time(x, r), deed::tick, 0, 0ms});
  if (chance(r, 30))
    x.manners = {one_of(r, 0u, 5u), one_of(r, 0u, 3u), one_of(r, 0u, 10u)};
  x.sighted = chance(r, 60);
  x.timer_slack = chance(r, 70) ? 0ms : 5ms;
  x.interleaves = chance(r, 50);
  x.answers_last = chance(r, 50);
  x.holds_out = chance(r, 30);
  if (x.holds_out) {
    x.scripts.back().end = fate::forgets;
    x.scripts.back().by_slot = true;
  }
}

} // namespace

plan make_plan(std::uint64_t seed) {
  plan x;
  x.seed = seed;
  auto d = dice{seed};
  auto settings = d.about(1);
  x.settings.push_back(draw_settings(settings));
  auto callers = d.about(2);
  draw_arrivals(x, callers);
  auto server = d.about(3);
  draw_server(x, server);
  auto people = d.about(4);
  draw_operator(x, people);
  auto machinery = d.about(5);
  draw_machinery(x, machinery);
  std::stable_sort(x.stimuli.begin(), x.stimuli.end(),
                   [](const stimulus& lhs, const stimulus& rhs) {
                     return lhs.when < rhs.when;
                   });
  return x;
}

// -- words --------------------------------------------------------------------

std::string to_string(fate x) {
  static constexpr const char* names[]
    = {"clean", "dirty", "broken", "unused", "dies", "dies busy", "forgets"};
  return names[static_cast<std::size_t>(x)];
}

std::string to_string(server_mode x) {
  static constexpr const char* names[]
    = {"healthy", "slow",    "refusing", "refusing for good",
       "down",    "hanging", "restarted"};
  return names[static_cast<std::size_t>(x)];
}

std::string to_string(deed x) {
  static constexpr const char* names[]
    = {"arrive",    "server",  "pause",      "resume",       "reconnect",
       "configure", "recycle", "force_open", "force_closed", "unforce",
       "freeze",    "restart", "tick"};
  return names[static_cast<std::size_t>(x)];
}

std::string to_string(const pool_config& x) {
  std::vector<std::string> defaults;
  const pool_config plain;
  for_each_setting(plain, [&](const auto&, const auto& field) {
    defaults.push_back(to_setting_text(field));
  });
  std::string result;
  std::size_t i = 0;
  for_each_setting(x, [&](const auto& setting, const auto& field) {
    auto text = to_setting_text(field);
    if (text != defaults[i++])
      result
        += (result.empty() ? "" : " ") + std::string{setting.key} + '=' + text;
  });
  return result;
}

} // namespace caf_pool::simulation

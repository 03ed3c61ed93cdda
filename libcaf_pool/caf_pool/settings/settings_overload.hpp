#pragma once

// Included by settings.hpp only: what a pool does with more callers than
// connections, with leaks and with failing servers.

namespace caf_pool {

namespace detail {

template <class Config, class F>
void fairness_settings(Config& x, F&& f) {
  using span = setting<duration>;
  f(
    setting<hand_out_order>{
      "order",
      "Which idle connection goes first; fifo does without the fast lane."},
    x.order);
  f(span{"priority_ageing",
         "A waiter gains one priority step per such time; "
         "0 means never.",
         zero, day},
    x.priority_ageing);
  f(setting<bool>{"shed_overload",
                  "Under overload turn away who would be served too late "
                  "(CoDel)."},
    x.shed_overload);
  f(span{"shed_target",
         "Waiting time that counts as slow; a typical use if that is longer.",
         millisecond, day},
    x.shed_target);
  f(span{"shed_interval", "How long it must stay slow.", millisecond, day},
    x.shed_interval);
  f(setting<bool>{"fast_lane",
                  "Lend idle connections inside the process "
                  "without a message."},
    x.fast_lane);
  f(setting<std::uint32_t>{"fast_lane_tries",
                           "Looks for a free connection before queueing.", 1,
                           10000},
    x.fast_lane_tries);
  f(span{"leak_threshold", "Warn about a lease held longer; 0 means never.",
         zero, 365 * day},
    x.leak_threshold);
  f(span{"leak_revoke", "Take a lease away after this; 0 means never.", zero,
         365 * day},
    x.leak_revoke);
  f(setting<bool>{"metrics", "Show the pool in /metrics."}, x.metrics);
}

template <class Config, class F>
void retry_settings(Config& x, F&& f) {
  using span = setting<duration>;
  auto& r = x.retry;
  f(span{"retry.start", "Largest first delay before opening again.",
         millisecond, day},
    r.start);
  f(setting<double>{"retry.factor", "Each failure multiplies that by this.",
                    1.0, 10.0},
    r.factor);
  f(span{"retry.cap", "Largest delay of all.", millisecond, day}, r.cap);
  f(span{"retry.floor", "Smallest delay of all.", zero, day}, r.floor);
  f(setting<bool>{"retry.jitter",
                  "Draw each delay at random, so that clients spread out."},
    r.jitter);
  f(setting<std::uint32_t>{"retry.attempts",
                           "Failures in a row until the pool counts as down.",
                           1, 1000},
    r.attempts);
}

template <class Config, class F>
void breaker_settings(Config& x, F&& f) {
  using span = setting<duration>;
  using u32 = setting<std::uint32_t>;
  auto& b = x.breaker;
  f(setting<bool>{"breaker.enabled", "Stop using a server that fails."},
    b.enabled);
  f(u32{"breaker.failure_percent", "Opens at this share of failed calls.", 1,
        100},
    b.failure_percent);
  f(u32{"breaker.min_calls", "Calls in the window before shares count.", 1,
        100000},
    b.min_calls);
  f(span{"breaker.window", "Calls older than this are forgotten.",
         10 * millisecond, day},
    b.window);
  f(u32{"breaker.consecutive_failures",
        "Opens after so many failures in a "
        "row.",
        1, 100000},
    b.consecutive_failures);
  f(span{"breaker.slow_call", "A call above this is slow; 0 means off.", zero,
         day},
    b.slow_call);
  f(u32{"breaker.slow_percent", "Opens at this share of slow calls.", 1, 100},
    b.slow_percent);
}

template <class Config, class F>
void breaker_open_settings(Config& x, F&& f) {
  using span = setting<duration>;
  using u32 = setting<std::uint32_t>;
  auto& b = x.breaker;
  f(span{"breaker.open_time", "How long it stays open the first time.",
         millisecond, day},
    b.open_time);
  f(setting<double>{"breaker.open_factor",
                    "Each opening in a row multiplies "
                    "that by this.",
                    1.0, 10.0},
    b.open_factor);
  f(span{"breaker.open_cap", "Longest open time.", millisecond, day},
    b.open_cap);
  f(u32{"breaker.open_jitter_percent", "Open times vary by so many percent.", 0,
        50},
    b.open_jitter_percent);
  f(u32{"breaker.half_open_permits", "Trials at a time while half open.", 1,
        100},
    b.half_open_permits);
  f(span{"breaker.half_open_timeout",
         "Trials without a verdict fail after "
         "this.",
         millisecond, day},
    b.half_open_timeout);
}

} // namespace detail

} // namespace caf_pool

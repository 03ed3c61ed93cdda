#pragma once

// Included by settings.hpp only.

namespace caf_pool {

namespace detail {

using namespace std::chrono_literals;

inline constexpr duration day = 24h;

template <class Config, class F>
void size_settings(Config& x, F&& f) {
  using u32 = setting<std::uint32_t>;
  f(setting<bool>{"required", "The node is ready only while this pool can "
                              "serve."},
    x.required);
  f(u32{"min_size", "Connections kept open even without demand.", 0, 10000},
    x.min_size);
  f(u32{"max_size", "Connections open at most, in whatever state.", 1, 10000},
    x.max_size);
  f(u32{"max_overflow", "How many of max_size open under load only.", 0, 9999},
    x.max_overflow);
  f(u32{"max_waiters", "Callers that may wait; 0 means 10 x max_size.", 0,
        1000000},
    x.max_waiters);
  f(u32{"open_concurrency", "Connections opened at the same time.", 1, 64},
    x.open_concurrency);
  f(u32{"workers", "Threads that talk to the server for the pool.", 1, 48},
    x.workers);
}

template <class Config, class F>
void limit_settings(Config& x, F&& f) {
  using span = setting<duration>;
  f(span{"acquire_timeout", "How long a caller waits for a connection.", 1ms,
         day},
    x.acquire_timeout);
  f(span{"open_timeout", "How long opening may take, name lookup included.",
         1ms, day},
    x.open_timeout);
  f(span{"execute_timeout", "How long a statement may run.", 1ms, day},
    x.execute_timeout);
  f(span{"reset_timeout", "How long removing a holder's traces may take.", 1ms,
         day},
    x.reset_timeout);
  f(span{"close_timeout", "How long a graceful close may take.", 1ms, day},
    x.close_timeout);
  f(setting<std::uint64_t>{"max_result_bytes",
                           "Largest result in memory, in bytes.", 1024,
                           std::uint64_t{1} << 40},
    x.max_result_bytes);
}

template <class Config, class F>
void lifetime_settings(Config& x, F&& f) {
  using span = setting<duration>;
  f(span{"max_idle_time", "Idle connections above min_size close after this; "
                          "0 means never.",
         0s, 365 * day},
    x.max_idle_time);
  f(span{"max_lifetime", "Connections are replaced after this; 0 means never.",
         0s, 365 * day},
    x.max_lifetime);
  f(span{"overflow_idle_time", "Idle overflow connections close after this.",
         0s, day},
    x.overflow_idle_time);
  f(setting<std::uint32_t>{"lifetime_jitter_percent",
                           "A lifetime is shortened by up to so many percent.",
                           0, 50},
    x.lifetime_jitter_percent);
  f(span{"sweep_interval", "How often idle connections are looked over.", 10ms,
         day},
    x.sweep_interval);
}

template <class Config, class F>
void health_settings(Config& x, F&& f) {
  using span = setting<duration>;
  f(setting<bool>{"validate_on_acquire",
                  "Probe a connection before it is handed out."},
    x.validate_on_acquire);
  f(span{"validation_bypass",
         "Skip that probe if the connection worked this recently.", 0s, day},
    x.validation_bypass);
  f(setting<std::uint32_t>{"max_validation_failures",
                           "Failed probes that one acquire puts up with.", 1,
                           100},
    x.max_validation_failures);
  f(span{"health_check_interval", "How often an idle pool probes a connection; "
                                  "0 means never.",
         0s, day},
    x.health_check_interval);
  f(span{"health_check_timeout", "How long a probe may take.", 1ms, day},
    x.health_check_timeout);
  f(setting<reset_policy>{"reset_on_release",
                          "Traces of a holder to remove: none, transaction, "
                          "automatic or full."},
    x.reset_on_release);
  f(setting<warm_up_policy>{"warm_up", "Open connections at start: none or "
                                       "to_min."},
    x.warm_up);
  f(span{"warm_up_timeout", "How long a node waits for that at start.", 0s,
         day},
    x.warm_up_timeout);
}

template <class Config, class F>
void fairness_settings(Config& x, F&& f) {
  using span = setting<duration>;
  f(setting<hand_out_order>{"order", "Which idle connection goes first: lifo "
                                     "or fifo."},
    x.order);
  f(span{"priority_ageing", "A waiter gains one priority step per such time; "
                            "0 means never.",
         0s, day},
    x.priority_ageing);
  f(setting<bool>{"shed_overload", "Shed waiters when the queue stays slow "
                                   "(CoDel)."},
    x.shed_overload);
  f(span{"shed_target", "Waiting time that counts as slow.", 1ms, day},
    x.shed_target);
  f(span{"shed_interval", "How long it must stay slow.", 1ms, day},
    x.shed_interval);
  f(setting<bool>{"fast_lane", "Lend idle connections inside the process "
                               "without a message."},
    x.fast_lane);
  f(setting<std::uint32_t>{"fast_lane_tries",
                           "Looks for a free connection before queueing.", 1,
                           10000},
    x.fast_lane_tries);
  f(span{"leak_threshold", "Warn about a lease held longer; 0 means never.", 0s,
         365 * day},
    x.leak_threshold);
  f(span{"leak_revoke", "Take a lease away after this; 0 means never.", 0s,
         365 * day},
    x.leak_revoke);
}

template <class Config, class F>
void retry_settings(Config& x, F&& f) {
  using span = setting<duration>;
  auto& r = x.retry;
  f(span{"retry.start", "Largest first delay before opening again.", 1ms, day},
    r.start);
  f(setting<double>{"retry.factor", "Each failure multiplies that by this.",
                    1.0, 10.0},
    r.factor);
  f(span{"retry.cap", "Largest delay of all.", 1ms, day}, r.cap);
  f(span{"retry.floor", "Smallest delay of all.", 0s, day}, r.floor);
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
  f(span{"breaker.window", "Calls older than this are forgotten.", 10ms, day},
    b.window);
  f(u32{"breaker.consecutive_failures", "Opens after so many failures in a "
                                        "row.",
        1, 100000},
    b.consecutive_failures);
  f(span{"breaker.slow_call", "A call above this is slow; 0 means off.", 0s,
         day},
    b.slow_call);
  f(u32{"breaker.slow_percent", "Opens at this share of slow calls.", 1, 100},
    b.slow_percent);
  f(span{"breaker.open_time", "How long it stays open the first time.", 1ms,
         day},
    b.open_time);
  f(setting<double>{"breaker.open_factor", "Each opening in a row multiplies "
                                           "that by this.",
                    1.0, 10.0},
    b.open_factor);
  f(span{"breaker.open_cap", "Longest open time.", 1ms, day}, b.open_cap);
  f(u32{"breaker.open_jitter_percent", "Open times vary by so many percent.", 0,
        50},
    b.open_jitter_percent);
  f(u32{"breaker.half_open_permits", "Trials at a time while half open.", 1,
        100},
    b.half_open_permits);
  f(span{"breaker.half_open_timeout", "Trials without a verdict fail after "
                                      "this.",
         1ms, day},
    b.half_open_timeout);
}

} // namespace detail

template <class Config, class F>
void for_each_setting(Config& x, F&& f) {
  detail::size_settings(x, f);
  detail::limit_settings(x, f);
  detail::lifetime_settings(x, f);
  detail::health_settings(x, f);
  detail::fairness_settings(x, f);
  detail::retry_settings(x, f);
  detail::breaker_settings(x, f);
}

} // namespace caf_pool

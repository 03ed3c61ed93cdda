#pragma once

// Included by settings.hpp only: size, limits, lifetime and health of a pool.

namespace caf_pool {

namespace detail {

template <class Config, class F>
void size_settings(Config& x, F&& f) {
  using u32 = setting<std::uint32_t>;
  f(setting<bool>{"required",
                  "The node is ready only while this pool can "
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
  f(span{"acquire_timeout", "How long a caller waits for a connection.",
         millisecond, day},
    x.acquire_timeout);
  f(span{"open_timeout", "How long opening may take, name lookup included.",
         millisecond, day},
    x.open_timeout);
  f(span{"execute_timeout",
         "How long a statement may run whose caller names no limit; one of a "
         "client of a node no longer in any case.",
         millisecond, day},
    x.execute_timeout);
  f(span{"reset_timeout", "How long removing a holder's traces may take.",
         millisecond, day},
    x.reset_timeout);
  f(span{"close_timeout", "How long a graceful close may take.", millisecond,
         day},
    x.close_timeout);
  f(setting<std::uint64_t>{"max_result_bytes",
                           "Largest result in memory, in bytes.", 1024,
                           std::uint64_t{1} << 40},
    x.max_result_bytes);
}

template <class Config, class F>
void lifetime_settings(Config& x, F&& f) {
  using span = setting<duration>;
  f(span{"max_idle_time",
         "Idle connections above min_size close after this; "
         "0 means never.",
         zero, 365 * day},
    x.max_idle_time);
  f(span{"max_lifetime", "Connections are replaced after this; 0 means never.",
         zero, 365 * day},
    x.max_lifetime);
  f(span{"overflow_idle_time", "Idle overflow connections close after this.",
         zero, day},
    x.overflow_idle_time);
  f(setting<std::uint32_t>{"lifetime_jitter_percent",
                           "A lifetime is shortened by up to so many percent.",
                           0, 50},
    x.lifetime_jitter_percent);
  f(span{"sweep_interval", "How often idle connections are looked over.",
         10 * millisecond, day},
    x.sweep_interval);
}

template <class Config, class F>
void health_settings(Config& x, F&& f) {
  using span = setting<duration>;
  f(setting<bool>{"validate_on_acquire",
                  "Probe a connection before it is handed out."},
    x.validate_on_acquire);
  f(setting<bool>{"validate_on_release",
                  "Probe a connection when its lease ends; does without the "
                  "fast lane."},
    x.validate_on_release);
  f(
    setting<std::string>{
      "validation_query",
      "Statement that a probe runs; empty: the cheapest that the server has.",
      {}},
    x.validation_query);
  f(span{"validation_bypass",
         "Skip that probe if the connection worked this recently.", zero, day},
    x.validation_bypass);
  f(setting<std::uint32_t>{"max_validation_failures",
                           "Failed probes that one acquire puts up with.", 1,
                           100},
    x.max_validation_failures);
  f(span{"health_check_interval",
         "How often an idle pool probes a connection; "
         "0 means never.",
         zero, day},
    x.health_check_interval);
  f(span{"health_check_timeout", "How long a probe may take.", millisecond,
         day},
    x.health_check_timeout);
  f(setting<reset_policy>{"reset_on_release",
                          "Traces of a holder to remove when a lease ends."},
    x.reset_on_release);
  f(setting<warm_up_policy>{"warm_up", "Connections to open at start."},
    x.warm_up);
  f(span{"warm_up_timeout", "How long a node waits for that at start.", zero,
         day},
    x.warm_up_timeout);
}

} // namespace detail

} // namespace caf_pool

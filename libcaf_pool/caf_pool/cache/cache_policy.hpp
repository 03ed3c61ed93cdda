#pragma once

#include "caf_pool/core/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace caf_pool {

/// Who computes a value once at a time.
enum class cache_lock : std::uint8_t {
  /// One caller of this cache; other processes may compute at the same time.
  local,
  /// One caller of all processes, as a rule: they meet at a lock in Redis. It
  /// saves computations and promises nothing: a lock may run out.
  shared,
};

/// Who computes a value anew that may still be served.
enum class cache_refresh : std::uint8_t {
  /// The caller that finds it so; all others get the present value at once.
  by_caller,
  /// A thread of the cache, and no caller waits. The computation is copied and
  /// runs after the call: it must own what it uses.
  in_background,
};

/// How one value is cached.
///
/// Thread-safety: a plain value.
struct cache_policy {
  /// How long a value is fresh. Up to a tenth is taken off at random, so that
  /// values that were stored together do not expire together.
  duration ttl = std::chrono::minutes{1};
  /// How long it is remembered that there is no such value; nothing means a
  /// tenth of `ttl`, at most 30 s. Zero remembers it not at all.
  std::optional<duration> negative_ttl = std::nullopt;
  /// How long beyond `ttl` the old value is served while one caller, or a
  /// thread, computes the new one.
  duration stale_while_revalidate = duration::zero();
  /// How long beyond `ttl` the old value is served if computing fails.
  duration stale_if_error = duration::zero();
  /// Computes a little before `ttl` ends, the sooner the longer it takes. 1 is
  /// a good value, 0 turns it off.
  double early_refresh = 1;
  cache_refresh refresh = cache_refresh::by_caller;
  cache_lock lock = cache_lock::local;
  /// Names by which the value can be invalidated together with others.
  std::vector<std::string> tags = {};
  /// How long the call may take in all: asking the cache, waiting for another
  /// caller's computation, and its own if that obeys it.
  std::optional<duration> limit = std::nullopt;
};

/// How a cache works; everything has a sensible default.
///
/// Thread-safety: a plain value.
struct cache_options {
  /// The first part of all keys. Caches of one prefix share their values.
  std::string prefix = "cache";
  /// How long a call may wait for Redis in all, reading and storing together.
  duration budget = std::chrono::milliseconds{250};
  /// Callers that compute at the same time while the cache is unavailable.
  std::size_t concurrent_computations = 8;
  /// Threads for `cache_refresh::in_background`, started when needed.
  std::size_t threads = 2;
  /// Longer values are computed and not stored.
  std::size_t max_value_bytes = std::size_t{1} << 20;
  /// Values of longer keys are computed and not stored.
  std::size_t max_key_bytes = 1024;
  /// How long after a computation that failed the next one of its key begins,
  /// at the earliest, while a stale value may be served.
  duration retry_after = std::chrono::seconds{1};
  /// How long one caller may hold the shared lock, and how long others wait for
  /// it before they compute, too.
  duration lock_ttl = std::chrono::seconds{10};
  /// The longest time between the begin of a computation and its storing: for
  /// that time the server remembers that a key was erased. Later values are not
  /// stored.
  duration max_computation = std::chrono::minutes{10};
  /// Values kept in the process; 0 keeps none.
  std::size_t local_entries = 0;
  /// How old an answer from the process may be: a change by another process is
  /// seen after this time.
  duration local_max_age = std::chrono::seconds{1};
  /// Seed of jitter and tokens; 0 takes one from the system.
  std::uint64_t seed = 0;
};

} // namespace caf_pool

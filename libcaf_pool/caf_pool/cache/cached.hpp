#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caf_pool {

/// Where an answer of a cache comes from.
enum class cache_state : std::uint8_t {
  /// Stored, and within its time to live.
  hit,
  /// Stored, and older than its time to live.
  stale,
  /// It is stored that there is no such value.
  negative,
  /// Nothing usable is stored.
  miss,
  /// Computed now, be it by another caller at the same time.
  computed,
  /// The cache could not be asked. `get_or_compute` computed the value without
  /// it and stored nothing.
  unavailable,
};

/// Returns the name of the enumerator, e.g. "stale".
std::string_view to_string(cache_state x) noexcept;

/// What a cache answers.
///
/// Thread-safety: a plain value.
template <class T>
struct cached {
  cache_state state = cache_state::miss;
  /// Nothing if there is no such value, or if it is not known.
  std::optional<T> value = std::nullopt;
  /// Why the cache was unavailable, or why a stale value was not computed anew;
  /// no error otherwise.
  error why = {};
  /// How long a stored value is fresh yet; negative: how long it has not been.
  duration fresh_for = duration::zero();

  /// Tells whether there is a value, fresh or stale.
  explicit operator bool() const noexcept {
    return value.has_value();
  }

  T& operator*() noexcept {
    return *value;
  }

  const T& operator*() const noexcept {
    return *value;
  }
};

/// An answer before its bytes are read as a value.
using cache_answer = cached<std::string>;

} // namespace caf_pool

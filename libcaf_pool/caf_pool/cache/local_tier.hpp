#pragma once

#include "caf_pool/cache/cached.hpp"
#include "caf_pool/core/lru.hpp"
#include "caf_pool/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// The values of a cache that were used last, in the process: no round trip.
/// What another process changes is seen when they are too old, or when somebody
/// tells (`drop`).
///
/// Thread-safety: any thread may call it.
class local_tier {
public:
  struct entry {
    std::string key;
    /// Nothing: it is known that there is no value.
    std::optional<std::string> value;
    std::vector<std::string> tags;
    /// When the server was asked.
    time_point asked;
    time_point fresh_until;
    /// Until then it is better than none.
    time_point kept_until;
  };

  /// Keeps at most `capacity` values; 0 keeps none.
  local_tier(std::size_t capacity, duration max_age)
    : entries_(capacity), max_age_(max_age) {
    // nop
  }

  bool enabled() const noexcept {
    return entries_.capacity() > 0;
  }

  /// Returns a fresh value that is not too old and has the tags: `hit` or
  /// `negative`.
  std::optional<cache_answer> find(const std::string& key,
                                   const std::vector<std::string>& tags,
                                   time_point now);

  /// Returns a value whatever its age, as `stale`: for when the server cannot
  /// be asked.
  std::optional<cache_answer> find_old(const std::string& key,
                                       const std::vector<std::string>& tags,
                                       time_point now);

  /// Returns how often something was dropped; for `put`.
  std::uint64_t drops() const;

  /// Keeps a value, unless something was dropped since the server was asked:
  /// the value may be from before that.
  void put(entry x, std::uint64_t drops_before);

  void drop(std::string_view key);
  void drop_tag(const std::string& tag);
  void drop_all();

private:
  entry* find_with(const std::string& key,
                   const std::vector<std::string>& tags);

  mutable std::mutex mutex_;
  lru<entry, &entry::key> entries_;
  duration max_age_;
  std::uint64_t drops_ = 0;
};

} // namespace caf_pool

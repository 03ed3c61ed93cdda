#pragma once

#include "caf_pool/core/node_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace caf_pool {

/// What it takes to bring a new value into force.
enum class change_effect : std::uint8_t {
  /// Nothing: it counts from the next decision on.
  live,
  /// Connections that were opened with the old value are replaced, one after
  /// the other; none is closed under its holder.
  recycle,
  /// The pool is drained and made anew.
  replace,
  /// The node has to be started again: a running node goes on with the old
  /// value.
  restart,
};

std::string_view to_string(change_effect x) noexcept;

/// A setting that differs between two configurations.
struct config_change {
  /// Dotted: "pools.main.max_size".
  std::string key;
  /// Secrets are masked.
  std::string from;
  std::string to;
  change_effect effect = change_effect::live;

  friend bool operator==(const config_change&, const config_change&) = default;
};

/// All differences between two configurations.
struct config_diff {
  std::vector<config_change> changes;
  /// Names of pools.
  std::vector<std::string> added;
  std::vector<std::string> removed;

  bool empty() const noexcept {
    return changes.empty() && added.empty() && removed.empty();
  }

  /// Returns the changes that a running node cannot bring into force.
  std::vector<config_change> sealed() const;

  /// Returns the strongest effect on a pool that is in both configurations;
  /// `live` also if nothing changed.
  change_effect effect_on(const std::string& pool) const;

  friend bool operator==(const config_diff&, const config_diff&) = default;
};

/// Compares two configurations, pools by their names. A pure function.
config_diff diff(const node_config& from, const node_config& to);

} // namespace caf_pool

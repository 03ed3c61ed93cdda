#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace caf_pool {

/// A pool as the admin server knows it: its last snapshot, and what only shows
/// by looking again and again.
struct pool_record {
  pool_snapshot now;
  /// When a look found that the pool had probed a connection since the look
  /// before: late by up to the time between two looks.
  std::optional<std::chrono::system_clock::time_point> last_probe;
  /// Kind of its server; see `backend_families`.
  std::string family = "database";

  friend bool operator==(const pool_record&, const pool_record&) = default;
};

/// All pools at the last look that succeeded.
struct pool_overview {
  /// Ordered by name.
  std::vector<pool_record> pools;
  /// Whether any look has succeeded yet.
  bool known = false;
  /// The manager did not answer in time: this is what it said before.
  bool stale = false;
  duration age = duration::zero();
  /// Why the last look failed; `none` if it succeeded or still runs.
  error trouble;
};

enum class node_phase : std::uint8_t { starting, serving, draining };

/// How the last reload of the configuration ended.
struct reload_outcome {
  bool successful = true;
  /// What changed, or all problems; never holds a secret.
  std::string text;
  duration age = duration::zero();
};

/// What the admin server asks the node itself for.
struct node_facts {
  node_phase phase = node_phase::starting;
  duration uptime = duration::zero();
  /// None before the first reload.
  std::optional<reload_outcome> last_reload;
  /// Where clients reach the node; empty if it lets none in.
  std::string remote;
  /// Pools that are told not to show in /metrics.
  std::set<std::string> without_metrics;
};

} // namespace caf_pool

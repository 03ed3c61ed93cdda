#pragma once

#include "caf_pool/admin/overview.hpp"
#include "caf_pool/admin/readiness.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace caf_pool {

/// What metrics tell besides the pools.
struct metrics_facts {
  std::string_view version;
  node_facts node;
  bool ready = true;
};

/// Pools with series of their own; what is beyond is added up as one pool with
/// the label `other_pools`, so that a node with very many pools does not drown
/// whoever collects its metrics.
inline constexpr std::size_t max_pools_in_metrics = 100;

/// No pool can have this name.
inline constexpr std::string_view other_pools = "_other";

/// Renders everything in Prometheus' text format, version 0.0.4.
///
/// Names follow OpenTelemetry's of database pools (`db.client.connection.*`),
/// with the words of this project for states. Labels are bounded: pools,
/// states and reasons, never holders, tenants or statements. Counters and
/// histograms only grow while the process lives, also when a pool's actor is
/// restarted.
std::string metrics_text(const pool_overview& x, const metrics_facts& facts);

} // namespace caf_pool

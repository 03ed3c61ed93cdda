#pragma once

#include "caf_pool/admin/overview.hpp"
#include "caf_pool/admin/readiness.hpp"
#include "caf_pool/core/backend_families.hpp"
#include "caf_pool/core/node_config.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <string>

namespace caf_pool {

/// The documents that the admin server shows. Times are seconds as numbers, but
/// settings have their unit in the text, as in configuration files. Pools are
/// grouped by the family of their backend: `redis_pools` for "redis",
/// `database_pools` for the rest.
///
/// Documents about pools have two more members on top, `stale` (true) and
/// `age`, while the manager does not answer.
using json_document = nlohmann::ordered_json;

/// Numbers of all pools: `database_pools`, `redis_pools` and `recommendations`
/// (empty: nothing gives advice yet).
json_document stats_json(const pool_overview& x);

/// How each pool is, and why: status, breaker, checks and the last failure.
json_document health_json(const pool_overview& x);

/// Settings of the node and of each pool, with passwords masked.
json_document config_json(const node_config& x,
                          const backend_families& families);

/// All pools by name, and the sums over all of them.
json_document list_json(const pool_overview& x);

/// Everything about one pool: `current_state`, `health_metrics`, times,
/// counters and who holds its connections. `x` is the overview it is part of.
json_document pool_json(const pool_record& pool, const pool_overview& x);

/// Answers probes; `verbose` adds every pool and the last reload.
json_document readiness_json(const readiness& state, const node_facts& node,
                             const pool_overview& x, bool verbose);

/// Renders a document; bytes that are no UTF-8 are replaced.
std::string render(const json_document& x);

/// Returns "2025-01-31T12:00:00Z".
std::string to_utc_text(std::chrono::system_clock::time_point x);

} // namespace caf_pool

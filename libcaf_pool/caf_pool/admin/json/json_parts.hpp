#pragma once

#include "caf_pool/admin/json/json.hpp"
#include "caf_pool/admin/overview.hpp"

#include <cstdint>

/// What several documents, and the metrics, have in common.
namespace caf_pool::detail {

double seconds(duration x);

std::uint64_t closed_connections(const pool_snapshot& x);

/// Mean over all grants, in seconds: those of the fast lane did not wait.
double average_wait(const pool_snapshot& x);

/// The size without overflow.
std::uint32_t base_size(const pool_snapshot& x);

/// Returns how many connections are open beyond the base size.
std::uint32_t overflow(const pool_snapshot& x);

/// Null for `none`.
json_document error_json(const error& x);

json_document breaker_json(const pool_snapshot& x);

json_document last_probe_json(const pool_record& x);

/// Adds `stale` and `age` on top if the overview is stale.
void mark_stale(json_document& doc, const pool_overview& x);

} // namespace caf_pool::detail

#pragma once

#include "caf_pool/admin/http/routes.hpp"
#include "caf_pool/admin/overview.hpp"
#include "caf_pool/core/pool_snapshot.hpp"

#include <string>
#include <vector>

namespace caf_pool::test {

/// A pool of 10 with an overflow of up to 20: 12 connections are open, 5 of
/// them leased; 15 were opened, 3 have ended; 100 grants waited 2 s together.
pool_snapshot sample_pool(const std::string& name = "db_main");

/// A pool of 10: 3 leased, 7 idle.
pool_snapshot sample_redis(const std::string& name = "cache");

/// Histogram of these samples.
histogram_snapshot samples(const std::vector<duration>& xs);

/// What a fresh look has found.
pool_overview overview_of(std::vector<pool_snapshot> pools);

/// A node that serves these pools.
admin_facts facts_of(std::vector<pool_snapshot> pools);

/// A request as a tool on this machine sends it.
admin_request request_for(std::string target, std::string method = "GET");

/// Value of a series of /metrics as it is written there, e.g.
/// `caf_pool_ready` or `caf_pool_probes_total{pool="main"}`; empty if it is
/// missing.
std::string metric(const std::string& text, const std::string& series);

} // namespace caf_pool::test

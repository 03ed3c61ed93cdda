#pragma once

#include "caf_pool/backend/redis_cluster/node_address.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/settings/validate.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::cluster {

/// What a cluster needs to know besides what each of its nodes does.
///
/// Thread-safety: a plain value.
struct cluster_options {
  /// The nodes to ask first.
  std::vector<node_address> seeds;
  /// MGET and its like may be cut.
  bool split = false;

  /// Reads the options of a pool with `cluster = true` and appends what is
  /// wrong with them.
  static cluster_options from(const pool_config& config,
                              std::vector<config_problem>& problems);
};

/// Tells whether a pool is one of a cluster.
bool is_cluster(const pool_config& config);

/// Returns the settings of a pool for one node.
pool_config config_of_node(const pool_config& config, const node_address& node);

/// Reads `redis://user:password@h1:7000,h2:7001?key=value`; every host is a
/// node to ask first, port 6379 if it has none. Returns `invalid_argument`
/// without showing the text.
///
/// Thread-safety: any thread, as all functions here.
result<pool_config> parse_cluster_url(std::string_view text);

} // namespace caf_pool::cluster

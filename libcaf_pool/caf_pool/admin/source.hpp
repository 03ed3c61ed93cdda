#pragma once

#include "caf_pool/admin/overview.hpp"
#include "caf_pool/core/backend_families.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/core/result.hpp"

#include <functional>
#include <string>
#include <vector>

namespace caf_pool {

/// Receives the answer of a look. May be called on any thread, at most once,
/// also after the server has stopped.
using look_done = std::function<void(result<std::vector<pool_snapshot>>)>;

/// Where the admin server gets everything it shows: plain functions, so that it
/// knows neither actors nor configuration files.
///
/// The server calls them on its own thread, one at a time, and stops calling
/// when `admin_server::stop` returns. None may block.
struct admin_source {
  /// Asks for the snapshots of all pools. The server does not wait for the
  /// answer longer than it has to.
  std::function<void(look_done)> look;

  /// Reads how the node itself is.
  std::function<node_facts()> node;

  /// Returns the configuration in force as JSON with secrets masked; see
  /// `config_json`.
  std::function<std::string()> config;

  /// What documents group pools by; a backend that is missing is a database.
  backend_families families;

  std::string name = "caf_pool";
  std::string version;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/core/verb.hpp"

#include "output.hpp"

#include <string>
#include <vector>

namespace caf_pool::ctl {

/// Where the node is and who asks.
struct connection_options {
  std::string address = "127.0.0.1:4700";
  std::string principal = "local";
  /// Empty: that of a node of the same user, in its state folder.
  std::string token_file;
  duration limit = std::chrono::seconds{30};
};

enum class view { pools, stats, health, leases, connections };

/// Shows one pool, or all if none is named.
result<std::string> look(const connection_options& to, view what,
                         const std::string& pool, const style& how);

/// Runs a statement, or a command if the pool's server takes those.
result<std::string> exec(const connection_options& to, const std::string& pool,
                         const std::string& what, const style& how);

result<std::string> control(const connection_options& to,
                            const std::string& pool, verb what, duration limit,
                            const style& how);

/// What a configuration is made of.
struct config_options {
  std::string location;
  std::string profile = "base";
  std::vector<std::string> overrides;
  bool origin = false;
};

result<std::string> check_config(const config_options& x, const style& how);

result<std::string> show_config(const config_options& x, const style& how);

} // namespace caf_pool::ctl

#pragma once

#include <string>
#include <vector>

#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/pool_config.hpp"

namespace caf_pool {

/// One thing that is wrong with a configuration.
struct config_problem {
  /// The dotted key, e.g. "pools.main.max_size".
  std::string key;
  /// The value as written; secrets are masked.
  std::string value;
  /// What is wrong, the allowed range and what to try.
  std::string message;
  /// Where it was written ("prod.toml:12:8"); empty for values from code.
  std::string where;

  friend bool operator==(const config_problem&,
                         const config_problem&) = default;
};

/// Renders as "where: key = value: message".
std::string to_string(const config_problem& x);

/// Returns every problem of a pool's settings: values out of range and values
/// that contradict each other. Nothing is corrected. Keys start with `prefix`.
std::vector<config_problem> validate(const pool_config& x,
                                     const std::string& prefix = {});

/// Returns every problem of a node's settings, pools included.
std::vector<config_problem> validate(const node_config& x);

} // namespace caf_pool

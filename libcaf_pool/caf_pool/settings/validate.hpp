#pragma once

#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/pool_config.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  /// The other key of two that contradict each other; empty otherwise.
  std::string related = {};

  friend bool operator==(const config_problem&, const config_problem&)
    = default;
};

/// Renders as "where: key = value: message".
std::string to_string(const config_problem& x);

/// The threads of all pools together, `pool_config::workers`, are bounded: a
/// process with more of them is better off as two nodes.
inline constexpr std::uint32_t max_workers_per_node = 56;

/// Returns every problem of a pool's settings: values out of range and values
/// that contradict each other. Nothing is corrected. Keys start with `prefix`,
/// e.g. "pools.main.".
std::vector<config_problem> validate(const pool_config& x,
                                     const std::string& prefix = {});

/// Returns every problem of a node's settings, pools included.
std::vector<config_problem> validate(const node_config& x);

/// Tells whether a pool may have this name: 1 to 64 letters, digits, '-' and
/// '_', beginning with a letter. Names become labels of metrics, tables in
/// files and parts of environment variables.
bool valid_pool_name(std::string_view name) noexcept;

/// Tells whether nobody outside this machine reaches the address: "localhost",
/// "::1" or "127." with three more numbers.
bool is_loopback(std::string_view address) noexcept;

} // namespace caf_pool

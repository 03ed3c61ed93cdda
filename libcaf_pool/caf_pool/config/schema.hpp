#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/config/layer.hpp"
#include "caf_pool/settings/validate.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::detail {

/// Knows every key and table that a configuration may have.
class schema {
public:
  /// `pools` are the pools that exist.
  schema(const backend_registry& registry, std::vector<std::string> pools);

  /// Returns what may stand in a table ("", "pools.main", "defaults.retry"),
  /// other spellings included.
  std::vector<std::string_view> children(std::string_view table) const;

  bool is_table(std::string_view key) const;

  /// Returns every key that is no table, other spellings included.
  std::vector<std::string> all_keys() const;

  /// Reports every assignment that nobody asked for: unknown keys and tables
  /// with the nearest known one, each unknown table once.
  void report_unused(const layer& from,
                     std::vector<config_problem>& problems) const;

private:
  config_problem explain(const assignment& x) const;

  /// What to do instead of an unknown key in a table.
  std::string advice_on(const std::string& table, std::string_view part) const;

  void collect(const std::string& table, std::vector<std::string>& out) const;

  std::vector<std::string_view> pool_children(std::string_view rest,
                                              bool defaults) const;

  const backend_registry& registry_;
  std::vector<std::string> pools_;
  std::vector<std::string> backends_;
  std::vector<std::string_view> node_keys_;
  /// Relative to a pool's table.
  std::vector<std::string_view> pool_keys_;
};

} // namespace caf_pool::detail

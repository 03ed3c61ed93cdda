#include "caf_pool/config/diff.hpp"

#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include <map>

namespace caf_pool {

namespace {

const pool_config* find(const node_config& node, std::string_view name) {
  for (auto& pool : node.pools)
    if (pool.name == name)
      return &pool;
  return nullptr;
}

std::map<std::string, std::string> texts_of(const node_config& x) {
  std::map<std::string, std::string> result;
  for_each_node_setting(x, [&](const auto& setting, const auto& value) {
    result[std::string{setting.key}] = to_setting_text(value);
  });
  return result;
}

void diff_nodes(const node_config& from, const node_config& to,
                std::vector<config_change>& out) {
  auto old = texts_of(from);
  auto fresh = texts_of(to);
  old["node.profile"] = from.profile;
  fresh["node.profile"] = to.profile;
  auto add = [&](const std::string& key) {
    if (old[key] != fresh[key])
      out.push_back({key, old[key], fresh[key], effect_of_node_key(key)});
  };
  for_each_node_setting(
    from, [&](const auto& x, const auto&) { add(std::string{x.key}); });
  add("node.profile");
}

} // namespace

std::vector<config_change> config_diff::sealed() const {
  std::vector<config_change> result;
  for (auto& x : changes)
    if (x.effect == change_effect::restart)
      result.push_back(x);
  return result;
}

config_diff diff(const node_config& from, const node_config& to,
                 const backend_registry& registry) {
  config_diff result;
  diff_nodes(from, to, result.changes);
  for (auto& pool : from.pools) {
    if (auto* other = find(to, pool.name)) {
      auto changes = diff_pools(pool, *other, registry);
      result.changes.insert(result.changes.end(), changes.begin(),
                            changes.end());
    } else {
      result.removed.push_back(pool.name);
    }
  }
  for (auto& pool : to.pools)
    if (find(from, pool.name) == nullptr)
      result.added.push_back(pool.name);
  return result;
}

} // namespace caf_pool

#include "caf_pool/config/reload.hpp"

#include "caf_pool/settings/settings.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace caf_pool {

namespace {

/// Copies the fields whose keys `keep` names from one configuration to another
/// of the same kind. `visit` calls a function for each setting and its field.
template <class Config, class Visit, class Keep>
void keep_fields(const Config& from, Config& to, Visit visit, Keep keep) {
  std::vector<const void*> old;
  visit(from, [&](const auto&, const auto& field) { old.push_back(&field); });
  std::size_t index = 0;
  visit(to, [&](const auto& setting, auto& field) {
    // The same table visits both: the same field has the same place.
    auto* value
      = static_cast<const std::decay_t<decltype(field)>*>(old[index++]);
    if (keep(setting.key))
      field = *value;
  });
}

void keep_pool(const pool_config& from, pool_config& to) {
  keep_fields(
    from, to, [](auto& x, auto f) { for_each_setting(x, f); },
    [](std::string_view key) {
      return effect_of_pool_key(key) == change_effect::restart;
    });
}

void keep_node(const node_config& from, node_config& to) {
  keep_fields(
    from, to, [](auto& x, auto f) { for_each_node_setting(x, f); },
    [](std::string_view key) {
      return effect_of_node_key(key) == change_effect::restart;
    });
  to.profile = from.profile;
  for (auto& pool : to.pools) {
    auto same = std::find_if(from.pools.begin(), from.pools.end(),
                             [&](auto& x) { return x.name == pool.name; });
    if (same != from.pools.end())
      keep_pool(*same, pool);
  }
}

} // namespace

std::string reload_plan::summary() const {
  auto text = std::to_string(changes.changes.size()) + " settings changed, "
              + std::to_string(changes.added.size()) + " pools added, "
              + std::to_string(changes.removed.size()) + " removed";
  auto sealed = changes.sealed();
  for (auto& x : sealed)
    text
      += (&x == &sealed.front() ? "; these need a restart of the node: " : ", ")
         + x.key;
  return text;
}

result<reload_plan> plan_reload(const node_config& from, const node_config& to,
                                const backend_registry& registry) {
  if (to.pools.empty())
    return error{
      errc::config_invalid, "no pools left; to stop the node, stop it", {}};
  auto result = reload_plan{diff(from, to, registry), to};
  keep_node(from, result.in_force);
  return result;
}

} // namespace caf_pool

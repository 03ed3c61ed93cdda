#include "caf_pool/settings/setting_effect.hpp"

#include <span>

namespace caf_pool {

namespace {

struct entry {
  std::string_view key;
  change_effect effect;
};

// The one table of what a reload does. Keys that it does not name: those of a
// pool are live, those of the node need a restart.

constexpr entry pool_keys[] = {
  {"backend", change_effect::replace},
  {"password", change_effect::recycle},
  // Only a node that starts waits for warm pools.
  {"warm_up_timeout", change_effect::restart},
};

constexpr entry node_keys[] = {
  {"node.drain_timeout", change_effect::live},
  {"log.level", change_effect::live},
  {"log.format", change_effect::live},
};

change_effect look_up(std::span<const entry> table, std::string_view key,
                      change_effect otherwise) noexcept {
  for (auto& x : table)
    if (x.key == key)
      return x.effect;
  return otherwise;
}

} // namespace

std::string_view to_string(change_effect x) noexcept {
  switch (x) {
    case change_effect::live:
      return "live";
    case change_effect::recycle:
      return "recycle";
    case change_effect::replace:
      return "replace";
    case change_effect::restart:
      return "restart";
  }
  return "unknown";
}

change_effect effect_of_pool_key(std::string_view key) noexcept {
  return look_up(pool_keys, key, change_effect::live);
}

change_effect effect_of_node_key(std::string_view key) noexcept {
  return look_up(node_keys, key, change_effect::restart);
}

} // namespace caf_pool

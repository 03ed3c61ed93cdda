#include "caf_pool/config/diff.hpp"

#include "caf_pool/core/setting_text.hpp"
#include "caf_pool/core/settings.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace caf_pool {

namespace {

using values = std::map<std::string, std::string>;

// Everything else of a pool counts from the next decision on.
change_effect effect_of_pool_key(std::string_view key) {
  if (key == "backend" || key == "fast_lane")
    return change_effect::replace;
  return change_effect::live;
}

change_effect effect_of_node_key(std::string_view key) {
  if (key == "node.drain_timeout" || key == "log.level")
    return change_effect::live;
  return change_effect::restart;
}

const pool_config* find(const node_config& node, std::string_view name) {
  for (auto& pool : node.pools)
    if (pool.name == name)
      return &pool;
  return nullptr;
}

class comparer {
public:
  explicit comparer(config_diff& out) : out_(out) {
    // nop
  }

  void nodes(const node_config& from, const node_config& to) {
    auto old = texts([&](auto f) { for_each_node_setting(from, f); });
    auto fresh = texts([&](auto f) { for_each_node_setting(to, f); });
    for_each_node_setting(from, [&](const auto& x, const auto&) {
      auto key = std::string{x.key};
      add(key, old[key], fresh[key], effect_of_node_key(key));
    });
    add("node.profile", from.profile, to.profile, change_effect::restart);
  }

  void pools(const pool_config& from, const pool_config& to) {
    auto prefix = "pools." + from.name + '.';
    add(prefix + "backend", from.backend, to.backend,
        effect_of_pool_key("backend"));
    auto old = texts([&](auto f) { for_each_setting(from, f); });
    auto fresh = texts([&](auto f) { for_each_setting(to, f); });
    for_each_setting(from, [&](const auto& x, const auto&) {
      auto key = std::string{x.key};
      add(prefix + key, old[key], fresh[key], effect_of_pool_key(key));
    });
    options(from, to, prefix);
    if (from.password != to.password)
      out_.changes.push_back({prefix + "password", to_string(from.password),
                              to_string(to.password), change_effect::recycle});
  }

private:
  template <class Visit>
  static values texts(Visit visit) {
    values result;
    visit([&](const auto& x, const auto& value) {
      result[std::string{x.key}] = to_setting_text(value);
    });
    return result;
  }

  void options(const pool_config& from, const pool_config& to,
               const std::string& prefix) {
    std::set<std::string> keys;
    for (auto* pool : {&from, &to})
      for (auto& [key, value] : pool->options)
        keys.insert(key);
    auto value_of = [](const pool_config& pool, const std::string& key) {
      auto i = pool.options.find(key);
      return i == pool.options.end() ? std::string{} : i->second;
    };
    for (auto& key : keys)
      add(prefix + to.backend + '.' + key, value_of(from, key),
          value_of(to, key), change_effect::recycle);
  }

  void add(const std::string& key, const std::string& from,
           const std::string& to, change_effect effect) {
    if (from != to)
      out_.changes.push_back({key, from, to, effect});
  }

  config_diff& out_;
};

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

std::vector<config_change> config_diff::sealed() const {
  std::vector<config_change> result;
  for (auto& x : changes)
    if (x.effect == change_effect::restart)
      result.push_back(x);
  return result;
}

change_effect config_diff::effect_on(const std::string& pool) const {
  auto prefix = "pools." + pool + '.';
  auto result = change_effect::live;
  for (auto& x : changes)
    if (x.key.starts_with(prefix))
      result = std::max(result, x.effect);
  return result;
}

config_diff diff(const node_config& from, const node_config& to) {
  config_diff result;
  comparer compare{result};
  compare.nodes(from, to);
  for (auto& pool : from.pools) {
    if (auto* other = find(to, pool.name))
      compare.pools(pool, *other);
    else
      result.removed.push_back(pool.name);
  }
  for (auto& pool : to.pools)
    if (find(from, pool.name) == nullptr)
      result.added.push_back(pool.name);
  return result;
}

} // namespace caf_pool

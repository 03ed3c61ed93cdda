#include "caf_pool/backend/pool_diff.hpp"

#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace caf_pool {

namespace {

std::map<std::string, std::string> texts_of(const pool_config& x) {
  std::map<std::string, std::string> result;
  for_each_setting(x, [&](const auto& setting, const auto& value) {
    result[std::string{setting.key}] = to_setting_text(value);
  });
  return result;
}

std::string option_of(const pool_config& pool, const std::string& key) {
  auto i = pool.options.find(key);
  return i == pool.options.end() ? std::string{} : i->second;
}

class comparer {
public:
  comparer(const pool_config& from, const pool_config& to,
           const backend_registry& registry)
    : from_(from),
      to_(to),
      info_(registry.find(to.backend)),
      prefix_("pools." + from.name + '.') {
    // nop
  }

  std::vector<config_change> run() {
    add("backend", from_.backend, to_.backend);
    auto old = texts_of(from_);
    auto fresh = texts_of(to_);
    for_each_setting(to_, [&](const auto& x, const auto&) {
      auto key = std::string{x.key};
      add(key, old[key], fresh[key]);
    });
    options();
    if (from_.password != to_.password)
      put("password", to_string(from_.password), to_string(to_.password),
          effect_of_pool_key("password"));
    return std::move(result_);
  }

private:
  void options() {
    std::set<std::string> keys;
    for (auto* pool : {&from_, &to_})
      for (auto& [key, value] : pool->options)
        keys.insert(key);
    for (auto& key : keys)
      if (auto old = option_of(from_, key), fresh = option_of(to_, key);
          old != fresh)
        put(to_.backend + '.' + key, old, fresh, change_effect::recycle);
  }

  void add(const std::string& key, const std::string& from,
           const std::string& to) {
    if (from == to)
      return;
    auto effect = effect_of_pool_key(key);
    auto copied = info_ != nullptr
                  && std::find(info_->reads.begin(), info_->reads.end(), key)
                       != info_->reads.end();
    put(key, from, to,
        copied ? std::max(effect, change_effect::recycle) : effect);
  }

  void put(const std::string& key, std::string from, std::string to,
           change_effect effect) {
    result_.push_back({prefix_ + key, std::move(from), std::move(to), effect});
  }

  const pool_config& from_;
  const pool_config& to_;
  const backend_info* info_;
  std::string prefix_;
  std::vector<config_change> result_;
};

} // namespace

std::vector<config_change> diff_pools(const pool_config& from,
                                      const pool_config& to,
                                      const backend_registry& registry) {
  return comparer{from, to, registry}.run();
}

change_effect strongest_effect(const std::vector<config_change>& changes) {
  auto result = change_effect::live;
  for (auto& x : changes)
    if (x.effect != change_effect::restart)
      result = std::max(result, x.effect);
  return result;
}

} // namespace caf_pool

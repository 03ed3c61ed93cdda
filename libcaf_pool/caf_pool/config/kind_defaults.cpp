#include "caf_pool/config/kind_defaults.hpp"

#include "caf_pool/config/profiles.hpp"
#include "caf_pool/config/reference.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include <utility>

namespace caf_pool::detail {

std::map<std::string_view, std::string> setting_texts(const pool_config& x) {
  std::map<std::string_view, std::string> result;
  for_each_setting(x, [&](const auto& what, const auto& value) {
    result[what.key] = to_setting_text(value);
  });
  return result;
}

std::map<std::string_view, std::string> changed_defaults(
  const backend_info& kind) {
  if (!kind.defaults)
    return {};
  pool_config x;
  auto general = setting_texts(x);
  kind.defaults(x);
  auto result = setting_texts(x);
  std::erase_if(result, [&](const auto& entry) {
    return entry.second == general[entry.first];
  });
  return result;
}

layer kind_defaults(const backend_info& kind, const pool_draft& defaults,
                    const std::string& prefix) {
  layer out{layer_kind::file};
  auto changed = changed_defaults(kind);
  if (changed.empty())
    return out;
  auto shipped = setting_texts(base_profile_defaults());
  auto present = setting_texts(defaults.config);
  auto base = std::string{base_profile} + ".toml";
  for (auto& [key, value] : changed) {
    auto place = defaults.places.find(key);
    if (place != defaults.places.end()
        && (place->second.source != base || present[key] != shipped[key]))
      continue;
    origin from{"default of " + kind.name, 0, 0};
    out.add(
      {prefix + std::string{key}, make_word(std::move(value)), from, from});
  }
  return out;
}

} // namespace caf_pool::detail

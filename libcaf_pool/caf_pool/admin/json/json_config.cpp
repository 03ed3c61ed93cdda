#include "caf_pool/admin/json/json.hpp"
#include "caf_pool/core/secret.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include <nlohmann/json.hpp>

#include <concepts>
#include <string_view>

namespace caf_pool {

namespace {

// Numbers and switches stay what they are; the rest is text as in a file.
template <class T>
json_document setting_json(const T& x) {
  if constexpr (std::integral<T> || std::floating_point<T>)
    return x;
  else
    return to_setting_text(x);
}

// Puts a dotted key where it belongs.
template <class T>
void add_setting(json_document& doc, std::string_view key, const T& value) {
  auto dot = key.find('.');
  if (dot == key.npos)
    doc[std::string{key}] = setting_json(value);
  else
    add_setting(doc[std::string{key.substr(0, dot)}], key.substr(dot + 1),
                value);
}

json_document pool_settings(const pool_config& x) {
  json_document doc = {{"backend", x.backend}};
  if (!x.password.empty())
    doc["password"] = masked_secret;
  for_each_setting(x, [&doc](const auto& setting, const auto& value) {
    add_setting(doc, setting.key, value);
  });
  doc["options"] = json_document::object();
  for (auto& [key, value] : x.options)
    doc["options"][key] = value;
  return doc;
}

} // namespace

json_document config_json(const node_config& x,
                          const backend_families& families) {
  json_document doc;
  doc["database_pools"] = json_document::object();
  doc["redis_pools"] = json_document::object();
  for (auto& pool : x.pools) {
    auto redis = family_of(pool.backend, families) == "redis";
    auto& group = doc[redis ? "redis_pools" : "database_pools"];
    group[pool.name] = pool_settings(pool);
  }
  doc["profile"] = x.profile;
  for_each_node_setting(x, [&doc](const auto& setting, const auto& value) {
    add_setting(doc, setting.key, value);
  });
  return doc;
}

} // namespace caf_pool

#include "caf_pool/config/render.hpp"

#include "caf_pool/config/toml_text.hpp"
#include "caf_pool/core/ascii.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include <map>

namespace caf_pool {

namespace {

using namespace detail;

// A setting on its way out: both texts, and the table it belongs to.
struct line {
  std::string table;
  std::string key;
  // As in a file; empty if there is nothing that may be written down.
  std::string toml;
  std::string plain;
};

// Splits at the last dot.
line make_line(std::string dotted, std::string toml, std::string plain) {
  auto dot = dotted.rfind('.');
  return {dotted.substr(0, dot), dotted.substr(dot + 1), std::move(toml),
          std::move(plain)};
}

template <class T>
line make_line(std::string dotted, const T& value) {
  return make_line(std::move(dotted), toml_value(value),
                   to_setting_text(value));
}

std::string dotted_key(const line& x) {
  return x.table + '.' + x.key;
}

class collector {
public:
  explicit collector(const loaded_config& config) : config_(config) {
    // nop
  }

  std::vector<line> run(bool with_defaults) {
    for_each_node_setting(config_.node, [this](const auto& x, const auto& y) {
      lines_.push_back(make_line(std::string{x.key}, y));
    });
    if (with_defaults)
      add_defaults();
    for (auto& pool : config_.node.pools)
      add_pool(pool);
    return std::move(lines_);
  }

private:
  // Only what is no default in the code: the pools have all values anyway.
  void add_defaults() {
    std::map<std::string_view, std::string> in_code;
    pool_config fresh;
    for_each_setting(fresh, [&](const auto& x, const auto& y) {
      in_code[x.key] = to_setting_text(y);
    });
    for_each_setting(config_.defaults, [&](const auto& x, const auto& y) {
      if (to_setting_text(y) != in_code[x.key])
        lines_.push_back(make_line("defaults." + std::string{x.key}, y));
    });
  }

  void add_pool(const pool_config& pool) {
    auto prefix = "pools." + pool.name + '.';
    lines_.push_back(make_line(prefix + "backend", pool.backend));
    add_secret(pool, prefix);
    // Keys of the pool's own table first, as TOML demands.
    for (auto nested : {false, true})
      for_each_setting(pool, [&](const auto& x, const auto& y) {
        if ((x.key.find('.') != x.key.npos) == nested)
          lines_.push_back(make_line(prefix + std::string{x.key}, y));
      });
    for (auto& [key, value] : pool.options)
      lines_.push_back(make_line(prefix + pool.backend + '.' + key, value));
  }

  void add_secret(const pool_config& pool, const std::string& prefix) {
    auto i = config_.secrets.find(pool.name);
    if (i == config_.secrets.end())
      return;
    auto& [key, value] = i->second;
    if (key == "password")
      lines_.push_back(make_line(prefix + key, {}, std::string{masked_secret}));
    else
      lines_.push_back(make_line(prefix + key, value));
  }

  const loaded_config& config_;
  std::vector<line> lines_;
};

std::string origin_of(const loaded_config& config, const std::string& key) {
  auto i = config.origins.find(key);
  if (i == config.origins.end())
    return default_origin;
  // The name of a file may hold anything, but a comment ends with its line.
  return without_controls(i->second);
}

} // namespace

std::vector<shown_setting> list_settings(const loaded_config& config) {
  std::vector<shown_setting> result;
  for (auto& x : collector{config}.run(false)) {
    auto key = dotted_key(x);
    auto origin = origin_of(config, key);
    result.push_back({std::move(key), x.plain, std::move(origin)});
  }
  return result;
}

std::string render_toml(const loaded_config& config, bool with_origin) {
  std::string str;
  std::string table;
  for (auto& x : collector{config}.run(true)) {
    if (x.table != table) {
      str += (str.empty() ? "[" : "\n[") + x.table + "]\n";
      table = x.table;
    }
    if (x.toml.empty())
      str += "# " + x.key + " is set, but not shown";
    else
      str += x.key + " = " + x.toml;
    if (with_origin)
      str
        += (x.toml.empty() ? ": " : "  # ") + origin_of(config, dotted_key(x));
    str += '\n';
  }
  return str;
}

} // namespace caf_pool

#include "caf_pool/config/schema.hpp"

#include "caf_pool/config/aliases.hpp"
#include "caf_pool/settings/nearest.hpp"
#include "caf_pool/settings/settings.hpp"

#include <algorithm>

namespace caf_pool::detail {

namespace {

using names = std::vector<std::string_view>;

constexpr std::string_view pool_only_keys[]
  = {"backend", "password", "password_file", "credential"};

constexpr std::string_view top_keys[]
  = {"node", "remote", "admin", "log", "defaults", "pools"};

template <class T>
bool has(const T& xs, std::string_view x) {
  return std::find(std::begin(xs), std::end(xs), x) != std::end(xs);
}

// Returns the part of a dotted key up to its first dot, and drops both.
std::string_view take_part(std::string_view& key) {
  auto dot = std::min(key.find('.'), key.size());
  auto part = key.substr(0, dot);
  key.remove_prefix(std::min(dot + 1, key.size()));
  return part;
}

// Returns the next part of each dotted key that lies below `table`.
names parts_below(const names& keys, std::string_view table) {
  names result;
  for (auto key : keys) {
    if (!table.empty()) {
      if (!key.starts_with(table) || key.size() <= table.size()
          || key[table.size()] != '.')
        continue;
      key.remove_prefix(table.size() + 1);
    }
    auto part = take_part(key);
    if (!has(result, part))
      result.push_back(part);
  }
  return result;
}

// A list of sixty keys helps nobody.
constexpr std::size_t max_hints = 12;

std::string hint(std::string_view word, const names& known) {
  if (known.size() <= max_hints || !nearest(word, known).empty())
    return hint_for(word, known);
  return "; config/base.toml shows every key";
}

} // namespace

schema::schema(const backend_registry& registry, std::vector<std::string> pools)
  : registry_(registry), pools_(std::move(pools)), backends_(registry.names()) {
  node_config node;
  for_each_node_setting(
    node, [this](const auto& x, const auto&) { node_keys_.push_back(x.key); });
  pool_config pool;
  for_each_setting(
    pool, [this](const auto& x, const auto&) { pool_keys_.push_back(x.key); });
  for (auto& x : aliases())
    pool_keys_.push_back(x.spelling);
  pool_keys_.push_back(base_size_key);
  pool_keys_.push_back(metrics_interval_spelling);
}

names schema::children(std::string_view table) const {
  if (table.empty())
    return {std::begin(top_keys), std::end(top_keys)};
  auto rest = table;
  auto first = take_part(rest);
  if (first == "pools" && rest.empty())
    return {pools_.begin(), pools_.end()};
  if (first == "pools")
    take_part(rest);
  if (first == "pools" || first == "defaults")
    return pool_children(rest, first == "defaults");
  return parts_below(node_keys_, table);
}

names schema::pool_children(std::string_view rest, bool defaults) const {
  if (!rest.empty() && !defaults)
    if (auto* backend = registry_.find(rest)) {
      names result;
      for (auto& x : backend->options) {
        result.push_back(x.key);
        result.insert(result.end(), x.spellings.begin(), x.spellings.end());
      }
      return result;
    }
  auto result = parts_below(pool_keys_, rest);
  if (rest.empty() && !defaults) {
    result.insert(result.end(), std::begin(pool_only_keys),
                  std::end(pool_only_keys));
    result.insert(result.end(), backends_.begin(), backends_.end());
    for (auto& backend : backends_)
      for (auto& x : registry_.find(backend)->options)
        result.insert(result.end(), x.spellings.begin(), x.spellings.end());
  }
  return result;
}

bool schema::is_table(std::string_view key) const {
  if (has(top_keys, key))
    return true;
  auto rest = key;
  auto first = take_part(rest);
  if (first == "pools") {
    auto name = take_part(rest);
    if (rest.empty() || has(backends_, rest))
      return has(pools_, name);
  }
  return (first == "pools" || first == "defaults")
         && !parts_below(pool_keys_, rest).empty();
}

std::vector<std::string> schema::all_keys() const {
  std::vector<std::string> result;
  collect({}, result);
  return result;
}

void schema::collect(const std::string& table,
                     std::vector<std::string>& out) const {
  for (auto part : children(table)) {
    auto key = (table.empty() ? "" : table + '.') + std::string{part};
    if (is_table(key))
      collect(key, out);
    else
      out.push_back(std::move(key));
  }
}

std::string schema::advice_on(const std::string& table,
                              std::string_view part) const {
  std::string places;
  if (table.starts_with("pools."))
    for (auto& backend : backends_)
      if (auto place = table + '.' + backend; has(children(place), part))
        places += (places.empty() ? "[" : " or [") + place + ']';
  if (!places.empty())
    return "; it belongs below " + places;
  return hint(part, children(table));
}

config_problem schema::explain(const assignment& x) const {
  std::string_view rest = x.key;
  std::string path;
  while (!rest.empty()) {
    auto table = path;
    auto part = take_part(rest);
    path += (path.empty() ? "" : ".") + std::string{part};
    auto known = children(table);
    // The value is not shown: a misspelled key may hold a password.
    if (!has(known, part)) {
      auto what
        = table == "pools" ? "there is no such pool" : "is no known key";
      if (table == "pools" && known.empty())
        return {path, {}, "there are no pools", place_of(x.key_from)};
      return {path, {}, what + advice_on(table, part), place_of(x.key_from)};
    }
    if (!is_table(path) && !rest.empty())
      return {path, {}, "is a value, not a table", place_of(x.key_from)};
  }
  return {path,
          {},
          "expects a table, such as [" + path + "], not "
            + std::string{describe(x.value.form)},
          place_of(x.key_from)};
}

void schema::report_unused(const layer& from,
                           std::vector<config_problem>& problems) const {
  std::string reported;
  for (auto& x : from.entries()) {
    auto below = !reported.empty() && x.key.starts_with(reported + '.');
    auto table = x.value.form == value_form::table && is_table(x.key);
    if (x.used || below || table)
      continue;
    if (problems.size() >= max_problems)
      return;
    problems.push_back(explain(x));
    reported = x.key;
  }
}

} // namespace caf_pool::detail

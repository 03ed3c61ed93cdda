#include "caf_pool/config/pool_draft.hpp"

#include "caf_pool/config/aliases.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace caf_pool::detail {

namespace {

// Returns where a layer has the other spelling, whatever the table.
std::set<std::string> keys_of_metrics_interval(const layer& from) {
  std::set<std::string> keys;
  for (auto& x : from.entries()) {
    auto table = std::string_view{x.key};
    if (!table.ends_with(metrics_interval_spelling))
      continue;
    table.remove_suffix(metrics_interval_spelling.size());
    auto in_pool = table.starts_with("pools.")
                   && std::count(table.begin(), table.end(), '.') == 2;
    if (table == "admin." || table == "defaults." || in_pool)
      keys.insert(x.key);
  }
  return keys;
}

// Called for each setting of a table: takes its value from one layer.
class setting_reader {
public:
  setting_reader(layer& from, const std::string& prefix, place_map& places,
                 std::vector<config_problem>& problems)
    : from_(from), prefix_(prefix), places_(places), problems_(problems) {
    // nop
  }

  template <class T>
  void operator()(const setting<T>& what, T& field) {
    const assignment* first = nullptr;
    for (auto* x : spellings(what.key)) {
      auto value = convert_to<T>(translate(form_of(*x), x->value));
      if (!value)
        refuse(*x, value.error().message + allowed(what));
      else if (first != nullptr && *value != field)
        refuse(*x, "contradicts " + first->key + " = " + show(first->value)
                     + " (" + place_of(first->from)
                     + "): both are spellings of " + std::string{what.key});
      else {
        field = *std::move(value);
        first = x;
      }
    }
    if (first != nullptr) {
      places_[std::string{what.key}] = first->from;
      written_.push_back(what.key);
    }
  }

  bool wrote(std::string_view key) const {
    return std::find(written_.begin(), written_.end(), key) != written_.end();
  }

private:
  bool in_pool() const {
    return !prefix_.empty();
  }

  std::vector<assignment*> spellings(std::string_view key) {
    auto found = from_.find(prefix_ + std::string{key});
    auto add = [&](const std::string& other) {
      auto more = from_.find(other);
      found.insert(found.end(), more.begin(), more.end());
    };
    if (in_pool())
      for (auto& x : aliases())
        if (x.key == key)
          add(prefix_ + std::string{x.spelling});
    if (!in_pool() && key == "admin.metrics_interval")
      for (auto& other : keys_of_metrics_interval(from_))
        add(other);
    return found;
  }

  alias_form form_of(const assignment& x) const {
    auto spelling = std::string_view{x.key}.substr(prefix_.size());
    if (in_pool())
      for (auto& y : aliases())
        if (y.spelling == spelling)
          return y.form;
    return alias_form::same;
  }

  template <class T>
  static std::string allowed(const setting<T>& what) {
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, duration>)
      return "; allowed is " + range_text(what);
    else
      return {};
  }

  void refuse(const assignment& x, std::string message) {
    problems_.push_back(
      {x.key, show(x.value), std::move(message), place_of(x.from)});
  }

  layer& from_;
  const std::string& prefix_;
  place_map& places_;
  std::vector<config_problem>& problems_;
  std::vector<std::string_view> written_;
};

} // namespace

void pool_draft::take_settings(layer& from, const std::string& prefix,
                               std::vector<config_problem>& problems) {
  setting_reader reader{from, prefix, places, problems};
  for_each_setting(config, reader);
  auto wrote_max_size = reader.wrote("max_size");
  if (wrote_max_size)
    base_size_.reset();
  base_size base;
  setting<std::uint32_t> what{base_size_key, {}, 1, 10000};
  reader(what, base.value);
  if (reader.wrote(base_size_key)) {
    base.from = places[std::string{base_size_key}];
    base.beside_max_size = wrote_max_size;
    base_size_ = base;
    places.erase(std::string{base_size_key});
  } else if (wrote_max_size && !reader.wrote("max_overflow")) {
    drop_older_overflow();
  }
}

void pool_draft::drop_older_overflow() {
  auto i = places.find("max_overflow");
  if (i == places.end() || i->second.source == places["max_size"].source)
    return;
  places.erase(i);
  config.max_overflow = 0;
}

void pool_draft::settle_size(const std::string& prefix,
                             std::vector<config_problem>& problems) {
  if (!base_size_)
    return;
  auto& base = *base_size_;
  auto sum = std::uint64_t{base.value} + config.max_overflow;
  if (base.beside_max_size && sum != config.max_size) {
    problems.push_back(
      {prefix + std::string{base_size_key}, std::to_string(base.value),
       "contradicts max_size = " + std::to_string(config.max_size) + " ("
         + place_of(places["max_size"])
         + "): pool_size and max_overflow add up to " + std::to_string(sum),
       place_of(base.from)});
    return;
  }
  // What is too large for the field is too large for its range as well.
  constexpr std::uint64_t largest = std::numeric_limits<std::uint32_t>::max();
  config.max_size = static_cast<std::uint32_t>(std::min(sum, largest));
  places["max_size"] = base.from;
}

void take_node_settings(node_config& x, place_map& places, layer& from,
                        std::vector<config_problem>& problems) {
  const std::string prefix;
  setting_reader reader{from, prefix, places, problems};
  for_each_node_setting(x, reader);
}

} // namespace caf_pool::detail

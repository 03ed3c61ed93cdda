#include "caf_pool/config/stray_variables.hpp"

#include "caf_pool/settings/nearest.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace caf_pool::detail {

namespace {

/// What programs and tests are told by; none of them is a setting.
constexpr std::string_view other_names[]
  = {"CAF_POOL_BENCH",        "CAF_POOL_CONFIG",   "CAF_POOL_CTL",
     "CAF_POOL_DEMO",         "CAF_POOL_EXAMPLES", "CAF_POOL_NODE",
     "CAF_POOL_NODE_ADDRESS", "CAF_POOL_REWRITE",  "CAF_POOL_SANITIZED",
     "CAF_POOL_SOURCE_DIR",   "CAF_POOL_TOKEN",    "CAF_POOL_TOKEN_FILE"};

constexpr std::string_view prefixes[] = {"caf_pool_", "cafpool_"};

/// Lower case without anything between words.
std::string squeezed(std::string_view text) {
  std::string result;
  for (auto c : text) {
    if (c >= 'A' && c <= 'Z')
      result += static_cast<char>(c + 32);
    else if (c != '_' && c != '-' && c != '.')
      result += c;
  }
  return result;
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

/// Returns the variable of a setting.
std::string variable_of(std::string_view key) {
  std::string result{environment_prefix};
  for (auto c : key) {
    if (c == '.')
      result += "__";
    else if (c >= 'a' && c <= 'z')
      result += static_cast<char>(c - 32);
    else
      result += c == '-' ? '_' : c;
  }
  return result;
}

/// Finds the setting that somebody meant.
class finder {
public:
  explicit finder(const schema& known) : keys_(known.all_keys()) {
    for (auto& key : keys_)
      squeezed_.push_back(squeezed(key));
  }

  /// Returns nothing if no setting is near.
  std::string_view find(const std::string& word) const {
    for (std::size_t i = 0; i < keys_.size(); ++i)
      if (squeezed_[i] == word)
        return keys_[i];
    // Without the tables in front; a pool's own comes first.
    for (auto in_pool : {true, false})
      for (auto& key : keys_)
        if (key.starts_with("pools.") == in_pool && has_tail(key, word))
          return key;
    std::vector<std::string_view> views{squeezed_.begin(), squeezed_.end()};
    auto near = nearest(word, views);
    auto i = std::find(views.begin(), views.end(), near);
    return near.empty() || i == views.end()
             ? std::string_view{}
             : keys_[static_cast<std::size_t>(i - views.begin())];
  }

private:
  static bool has_tail(std::string_view key, const std::string& word) {
    for (auto dot = key.find('.'); dot != key.npos; dot = key.find('.')) {
      key.remove_prefix(dot + 1);
      if (squeezed(key) == word)
        return true;
    }
    return false;
  }

  std::vector<std::string> keys_;
  std::vector<std::string> squeezed_;
};

bool looks_like_setting(std::string_view name) {
  auto text = lower(name);
  return !name.starts_with(environment_prefix)
         && std::find(std::begin(other_names), std::end(other_names), name)
              == std::end(other_names)
         && std::any_of(std::begin(prefixes), std::end(prefixes),
                        [&](auto x) { return text.starts_with(x); });
}

} // namespace

std::vector<config_problem> stray_variables(const environment_map& variables,
                                            const schema& known) {
  std::vector<config_problem> result;
  const finder settings{known};
  for (auto& [name, value] : variables) {
    if (!looks_like_setting(name) || result.size() >= max_problems)
      continue;
    auto word = squeezed(name).substr(std::string_view{"cafpool"}.size());
    auto key = settings.find(word);
    auto message = key.empty()
                     ? std::string{"is no setting; names of settings begin "
                                   "with CAF_POOL__ in capitals, and two "
                                   "underscores stand for a dot: "
                                   "CAF_POOL__POOLS__MAIN__MAX_SIZE"}
                     : "is no setting; did you mean " + variable_of(key) + '?';
    result.push_back(
      {name.substr(0, 100), {}, std::move(message), "environment"});
  }
  return result;
}

} // namespace caf_pool::detail

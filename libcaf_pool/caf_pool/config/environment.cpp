#include "caf_pool/config/environment.hpp"

#include "caf_pool/config/text_check.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>

namespace caf_pool {

namespace {

using detail::layer;
using detail::origin;

// Variables that other systems set, and which setting of a pool each one is.
struct foreign_variable {
  std::string_view name;
  std::string_view key;
};

constexpr foreign_variable database_variables[] = {
  {"DATABASE_MAX_POOL_SIZE", "max_size"},
  {"DATABASE_MIN_POOL_SIZE", "min_size"},
  {"DATABASE_POOL_SIZE", "pool_size"},
  {"DATABASE_POOL_OVERFLOW", "max_overflow"},
  {"DATABASE_POOL_TIMEOUT", "pool_timeout"},
  {"DATABASE_POOL_RECYCLE", "pool_recycle"},
};

constexpr std::string_view redis_base = "REDIS_POOL_SIZE";
constexpr std::string_view redis_limit = "REDIS_MAX_CONNECTIONS";

std::string origin_of(std::string_view name) {
  return "environment " + std::string{name};
}

// Lower case, and '-' as '_': what environment variables cannot tell apart.
std::string normalized(std::string_view str) {
  std::string result{str};
  for (auto& c : result)
    c = c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

// Splits at "__" and joins with dots; nothing if a part would be empty or is
// no key.
std::optional<std::string> dotted_key(std::string_view name) {
  auto key = normalized(name);
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  if (key.size() > 256 || key.find_first_not_of(letters) != key.npos)
    return std::nullopt;
  for (auto i = key.find("__"); i != key.npos; i = key.find("__"))
    key.replace(i, 2, ".");
  if (key.empty() || key.front() == '.' || key.back() == '.'
      || key.find("..") != key.npos || key.find("._") != key.npos)
    return std::nullopt;
  return key;
}

class reader {
public:
  reader(const std::vector<std::string>& pools, layer& out,
         std::vector<config_problem>& problems)
    : pools_(pools), out_(out), problems_(problems) {
    // nop
  }

  void read_own(std::string_view name, const std::string& value) {
    auto key = dotted_key(name.substr(environment_prefix.size()));
    if (!key) {
      refuse(name,
             "is no name of a setting; CAF_POOL__POOLS__MAIN__MAX_SIZE "
             "is an example of one");
      return;
    }
    if (key->starts_with("pools."))
      key = with_pool_name(name, *key);
    if (key)
      add(name, *std::move(key), value);
  }

  void read_database(const foreign_variable& what, const std::string& value) {
    auto main = std::find(pools_.begin(), pools_.end(), "main");
    if (main == pools_.end() && pools_.size() == 1)
      main = pools_.begin();
    if (main == pools_.end()) {
      refuse(what.name,
             "belongs to the pool \"main\" or to the only pool, but there are "
               + std::to_string(pools_.size())
               + " others; set CAF_POOL__POOLS__<NAME>__"
                 "... instead, or unset it");
      return;
    }
    add(what.name, "pools." + *main + '.' + std::string{what.key}, value);
  }

  // One variable alone is the size.
  void read_redis(std::string_view name, const std::string& value) {
    for (auto& pool : pools_)
      add(name, "pools." + pool + ".max_size", value);
  }

  // The base and the limit: what lies between is for peaks.
  void read_redis(const std::string& base, const std::string& limit) {
    auto low = detail::convert_to<std::uint32_t>(detail::make_word(base));
    auto high = detail::convert_to<std::uint32_t>(detail::make_word(limit));
    if (!low || !high || *low == 0) {
      auto wrong = !low || *low == 0;
      read_redis(wrong ? redis_base : redis_limit, wrong ? base : limit);
    } else if (*low > *high) {
      problems_.push_back({std::string{redis_base}, std::to_string(*low),
                           "is above " + std::string{redis_limit} + " = "
                             + std::to_string(*high)
                             + ": a pool would begin with more connections "
                               "than it may have",
                           "environment"});
    } else {
      read_redis(redis_limit, limit);
      for (auto& pool : pools_)
        add(redis_base, "pools." + pool + ".max_overflow",
            std::to_string(*high - *low));
    }
  }

private:
  // Replaces the pool's part of a key by the name as the files spell it.
  std::optional<std::string> with_pool_name(std::string_view variable,
                                            const std::string& key) {
    auto begin = std::size_t{6};
    auto end = std::min(key.find('.', begin), key.size());
    auto part = key.substr(begin, end - begin);
    const std::string* match = nullptr;
    for (auto& pool : pools_) {
      if (normalized(pool) != part)
        continue;
      if (match != nullptr) {
        refuse(variable, "may mean the pool \"" + *match + "\" or the pool \""
                           + pool + "\"; set it in a file");
        return std::nullopt;
      }
      match = &pool;
    }
    return match == nullptr ? key
                            : "pools." + *match + key.substr(end, key.npos);
  }

  void add(std::string_view name, std::string key, const std::string& value) {
    // Passwords may be any bytes.
    if (!key.ends_with(".password") && !detail::is_clean_text(value)) {
      refuse(name, "the value is no text: broken UTF-8 or a control character");
      return;
    }
    origin from{origin_of(name), 0, 0};
    out_.add({std::move(key), detail::make_word(value), from, from});
  }

  // Values are not shown: nobody knows what a misspelled variable holds.
  void refuse(std::string_view name, std::string message) {
    problems_.push_back({std::string{name.substr(0, 100)},
                         {},
                         std::move(message),
                         "environment"});
  }

  const std::vector<std::string>& pools_;
  layer& out_;
  std::vector<config_problem>& problems_;
};

} // namespace

environment_map current_environment() {
  environment_map result;
  for (auto** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view str{*entry};
    if (auto split = str.find('='); split != str.npos)
      result.emplace(str.substr(0, split), str.substr(split + 1));
  }
  return result;
}

namespace detail {

layer read_environment(const environment_map& variables,
                       const std::vector<std::string>& pools,
                       std::vector<config_problem>& problems) {
  layer out{layer_kind::environment};
  reader in{pools, out, problems};
  for (auto& [name, value] : variables)
    if (name.starts_with(environment_prefix))
      in.read_own(name, value);
  return out;
}

void read_database_variables(const environment_map& variables,
                             const std::vector<std::string>& pools, layer& out,
                             std::vector<config_problem>& problems) {
  reader in{pools, out, problems};
  for (auto& x : database_variables)
    if (auto i = variables.find(x.name); i != variables.end())
      in.read_database(x, i->second);
}

void read_redis_variables(const environment_map& variables,
                          const std::vector<std::string>& pools, layer& out,
                          std::vector<config_problem>& problems,
                          std::vector<config_problem>& warnings) {
  auto base = variables.find(redis_base);
  auto limit = variables.find(redis_limit);
  auto none = variables.end();
  if (pools.empty()) {
    for (auto i : {base, limit})
      if (i != none)
        warnings.push_back(
          {i->first, {}, "is ignored: there is no Redis pool", "environment"});
    return;
  }
  reader in{pools, out, problems};
  if (base != none && limit != none)
    in.read_redis(base->second, limit->second);
  else if (base != none)
    in.read_redis(redis_base, base->second);
  else if (limit != none)
    in.read_redis(redis_limit, limit->second);
}

} // namespace detail

} // namespace caf_pool

#include "caf_pool/config/assemble.hpp"

#include "caf_pool/config/kind_defaults.hpp"
#include "caf_pool/config/profiles.hpp"
#include "caf_pool/config/schema.hpp"
#include "caf_pool/config/state_folder.hpp"
#include "caf_pool/settings/nearest.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include <algorithm>
#include <map>

namespace caf_pool::detail {

namespace {

// Finds passwords where they do not belong: in addresses such as
// "postgres://user:password@host" and in "host=x password=y".
bool holds_password(std::string_view text) {
  std::string lower{text};
  for (auto& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  constexpr std::string_view word = "password";
  for (auto i = lower.find(word); i != lower.npos; i = lower.find(word, i + 1))
    if (auto next = lower.find_first_not_of(' ', i + word.size());
        next != lower.npos && lower[next] == '=')
      return true;
  auto begin = lower.find("://");
  if (begin == lower.npos)
    return false;
  auto at = lower.find('@', begin + 3);
  auto colon = lower.find(':', begin + 3);
  return at != lower.npos && colon < at;
}

// The name of the pool in a key such as "pools.main.max_size".
std::string pool_name_of(std::string_view key) {
  key.remove_prefix(std::string_view{"pools."}.size());
  return std::string{key.substr(0, key.find('.'))};
}

} // namespace

std::vector<std::string> pools_of(const std::vector<layer>& layers) {
  std::vector<std::string> names;
  for (auto& from : layers)
    for (auto& x : from.entries()) {
      if (!x.key.starts_with("pools."))
        continue;
      auto name = pool_name_of(x.key);
      // A misspelled variable must not make a pool: outside of files only the
      // name of a backend does.
      auto counts = from.kind == layer_kind::file
                      ? x.value.form == value_form::table
                      : x.key == "pools." + name + ".backend";
      if (counts)
        names.push_back(std::move(name));
    }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<std::string> pools_of_family(const std::vector<layer>& layers,
                                         const backend_registry& registry,
                                         std::string_view family) {
  // One pass: a hostile file has many pools.
  constexpr std::string_view suffix = ".backend";
  std::map<std::string, std::string, std::less<>> backends;
  for (auto& from : layers)
    for (auto& x : from.entries())
      if (x.key.starts_with("pools.") && x.key.ends_with(suffix)
          && std::count(x.key.begin(), x.key.end(), '.') == 2)
        backends[pool_name_of(x.key)] = x.value.text;
  auto names = pools_of(layers);
  std::erase_if(names, [&](const std::string& name) {
    auto i = backends.find(name);
    auto* info
      = registry.find(i == backends.end() ? pool_config{}.backend : i->second);
    return (info == nullptr ? "database" : info->family) != family;
  });
  return names;
}

assembler::assembler(std::vector<layer>& layers,
                     const backend_registry& registry,
                     const config_source& source,
                     std::vector<config_problem>& problems)
  : layers_(layers), registry_(registry), source_(source), problems_(problems) {
  if (auto i = source.environment.find("CREDENTIALS_DIRECTORY");
      i != source.environment.end())
    secret_places_.credentials = i->second;
  secret_places_.run_secrets = source.run_secrets;
  secret_places_.production = is_production(source.profile);
}

void assembler::run(loaded_config& result, place_map& places) {
  take_node(result, places);
  if (!take_pools(result, places))
    return;
  std::vector<std::string> names;
  for (auto& pool : result.node.pools)
    names.push_back(pool.name);
  schema known{registry_, std::move(names)};
  for (auto& from : layers_)
    known.report_unused(from, problems_);
}

void assembler::refuse(const assignment& x, std::string value,
                       std::string message) {
  problems_.push_back(
    {x.key, std::move(value), std::move(message), place_of(x.from)});
}

// -- node ---------------------------------------------------------------------

void assembler::take_node(loaded_config& result, place_map& places) {
  auto& node = result.node;
  if (!source_.profile.empty())
    node.profile = source_.profile;
  for (auto& from : layers_)
    take_node_settings(node, places, from, problems_);
  if (node.state_folder.empty())
    if (auto choice = pick_state_folder(source_.environment)) {
      node.state_folder = choice->path;
      places["node.state_folder"] = {"environment " + choice->variable, 0, 0};
    }
  state_folder_ = node.state_folder;
  assignment x;
  x.key = "remote.token_file";
  if (node.remote.token_file.empty() && !state_folder_.empty())
    node.remote.token_file = state_folder_ + "/tokens";
  else if (auto i = places.find(x.key); i != places.end())
    x.from = i->second;
  node.remote.token_file = expand(node.remote.token_file, x);
}

std::string assembler::expand(std::string text, const assignment& x) {
  auto i = text.find(state_placeholder);
  if (i == text.npos)
    return text;
  if (state_folder_.empty()) {
    refuse(x, text,
           "there is no state folder: set node.state_folder, or one "
           "of $STATE_DIRECTORY, $XDG_STATE_HOME and $HOME");
    return text;
  }
  return text.replace(i, state_placeholder.size(), state_folder_);
}

// -- pools --------------------------------------------------------------------

bool assembler::take_pools(loaded_config& result, place_map& places) {
  auto names = pools_of(layers_);
  if (names.size() > max_workers_per_node) {
    problems_.push_back(
      {"pools",
       std::to_string(names.size()) + " pools",
       "a node has at most " + std::to_string(max_workers_per_node) + " pools",
       {}});
    return false;
  }
  pool_draft defaults;
  for (auto& from : layers_)
    defaults.take_settings(from, "defaults.", problems_);
  for (auto& name : names) {
    auto draft = take_pool(name, defaults, result);
    for (auto& [key, place] : draft.places)
      places["pools." + name + '.' + key] = place;
    result.node.pools.push_back(std::move(draft.config));
  }
  defaults.settle_size("defaults.", problems_);
  for (auto& [key, place] : defaults.places)
    places["defaults." + key] = place;
  result.defaults = std::move(defaults.config);
  return true;
}

pool_draft assembler::take_pool(const std::string& name,
                                const pool_draft& defaults,
                                loaded_config& result) {
  auto prefix = "pools." + name + '.';
  auto draft = defaults;
  draft.config.name = name;
  auto* backend = take_backend(draft, prefix);
  if (backend != nullptr) {
    auto own = kind_defaults(*backend, defaults, prefix);
    draft.take_settings(own, prefix, problems_);
  }
  for (auto& from : layers_) {
    draft.take_settings(from, prefix, problems_);
    read_secret(from, prefix, draft.password, problems_);
  }
  draft.settle_size(prefix, problems_);
  if (backend != nullptr)
    take_options(draft, *backend, prefix);
  warn_of_other_backends(draft, prefix, result);
  take_password(draft, prefix, result);
  return draft;
}

void assembler::take_password(pool_draft& draft, const std::string& prefix,
                              loaded_config& result) {
  auto& x = draft.password;
  draft.config.password
    = resolve_secret(x, prefix, secret_places_, problems_, result.warnings);
  auto remember = [&](std::string key, std::string value) {
    draft.places[key] = x.from;
    result.secrets[draft.config.name] = {std::move(key), std::move(value)};
  };
  if (!x.password_file.empty())
    remember("password_file", (x.folder / x.password_file).string());
  else if (!x.credential.empty())
    remember("credential", x.credential);
  else if (!x.literal.empty())
    remember("password", {});
}

// -- backends -----------------------------------------------------------------

const backend_info* assembler::take_backend(pool_draft& draft,
                                            const std::string& prefix) {
  const assignment* written = nullptr;
  for (auto& from : layers_)
    for (auto* x : from.find(prefix + "backend")) {
      auto name = convert_to<std::string>(x->value);
      if (!name) {
        refuse(*x, show(x->value), name.error().message);
        continue;
      }
      draft.config.backend = *std::move(name);
      draft.places["backend"] = x->from;
      written = x;
    }
  auto* backend = registry_.find(draft.config.backend);
  if (backend != nullptr)
    return backend;
  auto known = registry_.names();
  std::vector<std::string_view> views{known.begin(), known.end()};
  assignment unwritten;
  unwritten.key = prefix + "backend";
  refuse(written != nullptr ? *written : unwritten, draft.config.backend,
         "is no known backend" + hint_for(draft.config.backend, views));
  return nullptr;
}

void assembler::take_options(pool_draft& draft, const backend_info& backend,
                             const std::string& prefix) {
  for (auto& option : backend.options)
    for (auto& from : layers_)
      take_spellings(draft, option, prefix, from);
}

void assembler::take_spellings(pool_draft& draft, const backend_option& option,
                               const std::string& prefix, layer& from) {
  auto table = prefix + draft.config.backend + '.';
  auto found = from.find(table + option.key);
  for (auto& spelling : option.spellings)
    for (auto& place : {table, prefix}) {
      auto more = from.find(place + spelling);
      found.insert(found.end(), more.begin(), more.end());
    }
  for (auto* x : found)
    if (show(x->value) == show(found.front()->value))
      take_option(draft, option.key, *x);
    else
      refuse(*x, show(x->value),
             "contradicts " + found.front()->key + " = "
               + show(found.front()->value) + ": both are spellings of " + table
               + option.key);
}

void assembler::take_option(pool_draft& draft, const std::string& option,
                            assignment& x) {
  if (x.value.form == value_form::table || x.value.form == value_form::other)
    refuse(x, show(x.value), wrong_form(x.value, "one value").message);
  else if (holds_password(x.value.text))
    refuse(x, std::string{masked_secret},
           "holds a password, which would show in logs; take it out and use "
           "password_file or credential of the pool");
  else {
    draft.config.options[option] = expand(x.value.text, x);
    draft.places[draft.config.backend + '.' + option] = x.from;
  }
}

void assembler::warn_of_other_backends(const pool_draft& draft,
                                       const std::string& prefix,
                                       loaded_config& result) {
  for (auto& name : registry_.names()) {
    if (name == draft.config.backend)
      continue;
    for (auto& from : layers_) {
      if (from.contains(prefix + name))
        result.warnings.push_back(
          {prefix + name,
           {},
           "is not used: the pool's backend is " + draft.config.backend,
           {}});
      for (auto& option : registry_.find(name)->options)
        pass_over(option, prefix, name, from, draft, result);
    }
  }
}

void assembler::pass_over(const backend_option& option,
                          const std::string& prefix, const std::string& backend,
                          layer& from, const pool_draft& draft,
                          loaded_config& result) {
  from.find(prefix + backend + '.' + option.key);
  for (auto& spelling : option.spellings) {
    from.find(prefix + backend + '.' + spelling);
    if (!from.find(prefix + spelling).empty())
      result.warnings.push_back(
        {prefix + spelling,
         {},
         "is not used: the pool's backend is " + draft.config.backend,
         {}});
  }
}

} // namespace caf_pool::detail

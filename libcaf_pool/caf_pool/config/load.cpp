#include "caf_pool/config/load.hpp"

#include "caf_pool/config/assemble.hpp"
#include "caf_pool/config/command_line.hpp"
#include "caf_pool/config/profiles.hpp"
#include "caf_pool/config/schema.hpp"
#include "caf_pool/config/stray_variables.hpp"
#include "caf_pool/config/text_check.hpp"
#include "caf_pool/config/toml_reader.hpp"
#include "caf_pool/net/guarded_file.hpp"
#include "caf_pool/settings/settings.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <system_error>

namespace caf_pool {

namespace fs = std::filesystem;

namespace {

using namespace detail;

using problem_list = std::vector<config_problem>;

// -- files --------------------------------------------------------------------

// These return whether there is a configuration to look at. If not, every other
// problem would only follow from that.
bool read_layer(const fs::path& path, std::vector<layer>& layers,
                problem_list& problems) {
  auto content = read_guarded_file(path, max_config_bytes, file_readers::owner);
  if (!content) {
    problems.push_back({{}, {}, content.error().message, path.string()});
    return false;
  }
  layer out{layer_kind::file};
  out.folder = path.parent_path();
  out.exposure = content->exposure;
  auto name = path.filename().string();
  auto readable = read_toml(content->text, name, out, problems);
  layers.push_back(std::move(out));
  return readable;
}

bool read_folder(const fs::path& folder, const std::string& profile,
                 std::vector<layer>& layers, problem_list& problems) {
  std::error_code ec;
  auto base = folder / (std::string{base_profile} + ".toml");
  auto readable = true;
  if (fs::exists(base, ec))
    readable = read_layer(base, layers, problems);
  if (profile.empty() || profile == base_profile)
    return readable;
  auto path = find_profile(folder, profile);
  if (path)
    return read_layer(*path, layers, problems) && readable;
  problems.push_back({{}, {}, path.error().message, {}});
  return false;
}

// -- checks of the whole ------------------------------------------------------

// Adds problems of values, with the places where they were written.
class value_problems {
public:
  value_problems(const place_map& places, problem_list& problems)
    : places_(places), problems_(problems) {
    // nop
  }

  void add(problem_list found) {
    for (auto& x : found) {
      x.where = where(x.key);
      if (x.where.empty())
        x.where = where(x.related);
      // A value in [defaults] is wrong once, not once for each pool.
      if (x.where.empty() || seen_.insert(x.where + x.message).second)
        problems_.push_back(std::move(x));
    }
  }

private:
  std::string where(const std::string& key) const {
    auto i = places_.find(key);
    return i == places_.end() ? std::string{} : place_of(i->second);
  }

  const place_map& places_;
  problem_list& problems_;
  std::set<std::string> seen_;
};

// Asks the backend about its options. Unknown backends are reported already.
problem_list check_backend(const pool_config& pool,
                           const backend_registry& registry) {
  auto* backend = registry.find(pool.backend);
  if (backend == nullptr)
    return {};
  auto found = registry.problems(pool);
  auto prefix = "pools." + pool.name + '.';
  for (auto& x : found) {
    auto is_option
      = std::any_of(backend->options.begin(), backend->options.end(),
                    [&](const auto& option) { return option.key == x.key; });
    x.key = prefix + (is_option ? pool.backend + '.' : "") + x.key;
  }
  return found;
}

void check_values(const loaded_config& config, const place_map& places,
                  const backend_registry& registry, problem_list& problems) {
  value_problems out{places, problems};
  out.add(validate(config.defaults, "defaults."));
  out.add(validate(config.node));
  for (auto& pool : config.node.pools)
    out.add(check_backend(pool, registry));
}

void warn_of_stray_variables(loaded_config& config,
                             const environment_map& variables,
                             const backend_registry& registry) {
  std::vector<std::string> names;
  for (auto& pool : config.node.pools)
    names.push_back(pool.name);
  if (names.empty())
    names.emplace_back("main");
  auto found = stray_variables(variables, schema{registry, std::move(names)});
  std::move(found.begin(), found.end(), std::back_inserter(config.warnings));
}

// -- origins ------------------------------------------------------------------

void fill_origins(loaded_config& config, const place_map& places) {
  auto add = [&](const std::string& key) {
    auto i = places.find(key);
    config.origins[key]
      = i == places.end() ? default_origin : to_string(i->second);
  };
  for_each_node_setting(
    config.node, [&](const auto& x, const auto&) { add(std::string{x.key}); });
  for (auto& pool : config.node.pools) {
    auto prefix = "pools." + pool.name + '.';
    add(prefix + "backend");
    for_each_setting(pool, [&](const auto& x, const auto&) {
      add(prefix + std::string{x.key});
    });
  }
  // Backend options, passwords and [defaults]: only what was written.
  for (auto& [key, place] : places)
    config.origins[key] = to_string(place);
}

// -- all together -------------------------------------------------------------

load_result finish(std::vector<layer> layers, const config_source& source,
                   const backend_registry& registry, problem_list problems) {
  loaded_config config;
  auto& variables = source.environment;
  auto own = layers.size();
  layers.push_back(read_environment(variables, pools_of(layers), problems));
  layers.push_back(read_command_line(source.overrides, problems));
  auto databases = pools_of_family(layers, registry, "database");
  auto redis = pools_of_family(layers, registry, "redis");
  read_database_variables(variables, databases, layers[own], problems);
  read_redis_variables(variables, redis, layers[own], problems,
                       config.warnings);
  place_map places;
  assembler{layers, registry, source, problems}.run(config, places);
  check_values(config, places, registry, problems);
  warn_of_stray_variables(config, source.environment, registry);
  if (!problems.empty()) {
    if (problems.size() > max_problems)
      problems.resize(max_problems);
    return problems;
  }
  if (config.node.pools.empty())
    config.warnings.push_back(
      {"pools", {}, "there are none: the node has nothing to serve", {}});
  fill_origins(config, places);
  return config;
}

} // namespace

error load_result::error() const {
  caf_pool::error result;
  if (problems_.empty())
    return result;
  result.code = errc::config_invalid;
  for (auto& x : problems_)
    result.message += (result.message.empty() ? "" : "\n") + to_string(x);
  return result;
}

load_result load(const config_source& source,
                 const backend_registry& registry) {
  problem_list problems;
  std::vector<layer> layers;
  auto actual = source;
  auto readable = true;
  std::error_code ec;
  if (fs::is_directory(source.location, ec)) {
    readable = read_folder(source.location, source.profile, layers, problems);
  } else if (!source.location.empty()) {
    readable = read_layer(source.location, layers, problems);
    actual.profile = source.location.stem().string();
  }
  if (!readable)
    return problems;
  return finish(std::move(layers), actual, registry, std::move(problems));
}

load_result load_text(std::string_view toml, const config_source& source,
                      const backend_registry& registry) {
  problem_list problems;
  std::vector<layer> layers;
  layer out{layer_kind::file};
  if (!read_toml(toml, source.location.filename().string(), out, problems))
    return problems;
  layers.push_back(std::move(out));
  return finish(std::move(layers), source, registry, std::move(problems));
}

} // namespace caf_pool

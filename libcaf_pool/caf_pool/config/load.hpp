#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/config/environment.hpp"
#include "caf_pool/config/origin.hpp"
#include "caf_pool/core/error.hpp"
#include "caf_pool/core/node_config.hpp"
#include "caf_pool/settings/validate.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// Everything that a configuration is made of. Later ones win: the defaults in
/// the code, base.toml, the profile's file, the environment, the overrides.
struct config_source {
  /// A folder with base.toml and profiles, or one file that stands alone.
  /// Empty: no files.
  std::filesystem::path location;
  /// The file of the folder to use besides base.toml, without ".toml". Empty
  /// or "base": none. For a single file its name is the profile.
  std::string profile;
  /// Usually `current_environment()`.
  environment_map environment;
  /// "key=value" from the command line.
  std::vector<std::string> overrides;
  /// Where containers find their secrets.
  std::filesystem::path run_secrets = "/run/secrets";
};

/// How a pool's password was given, so that `config show` can say it again.
struct secret_reference {
  /// "password", "password_file" or "credential".
  std::string key;
  /// File or credential; empty for a password.
  std::string value;

  friend bool operator==(const secret_reference&, const secret_reference&)
    = default;
};

struct loaded_config {
  node_config node;
  /// What pools start from: the table [defaults]. Name and backend mean
  /// nothing here.
  pool_config defaults;
  /// Origin of every key of `node`, by dotted key.
  origin_map origins;
  /// By names of pools; only those with a password.
  std::map<std::string, secret_reference> secrets;
  /// What is allowed but deserves a look.
  std::vector<config_problem> warnings;
};

/// A configuration without problems, or every problem at once.
class [[nodiscard]] load_result {
public:
  load_result(loaded_config config) : config_(std::move(config)) {
    // nop
  }

  load_result(std::vector<config_problem> problems)
    : problems_(std::move(problems)) {
    // nop
  }

  explicit operator bool() const noexcept {
    return config_.has_value();
  }

  /// Requires that there are no problems.
  loaded_config& operator*() noexcept {
    return *config_;
  }

  loaded_config* operator->() noexcept {
    return &*config_;
  }

  /// Empty if the configuration loaded. At most a hundred.
  const std::vector<config_problem>& problems() const noexcept {
    return problems_;
  }

  /// Returns all problems as one error (`config_invalid`), one in a line.
  caf_pool::error error() const;

private:
  std::optional<loaded_config> config_;
  std::vector<config_problem> problems_;
};

/// Loads a configuration. Reads files, but opens no connection and changes
/// nothing; never throws but std::bad_alloc.
///
/// ~~~
/// auto config = load({"/etc/caf_pool", "prod", current_environment()},
///                    backend_registry::with_defaults());
/// if (!config)
///   std::cerr << config.error().message;
/// ~~~
///
/// Thread-safety: any number at the same time.
load_result load(const config_source& source, const backend_registry& registry);

/// The same for a text instead of files; `source.location` only says what to
/// call it.
load_result load_text(std::string_view toml, const config_source& source,
                      const backend_registry& registry);

} // namespace caf_pool

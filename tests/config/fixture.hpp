#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/config/load.hpp"

#include "support/catch_compat.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::test {

/// A folder for one test, removed with all that is in it.
class temp_folder {
public:
  temp_folder();

  temp_folder(const temp_folder&) = delete;

  temp_folder& operator=(const temp_folder&) = delete;

  ~temp_folder();

  const std::filesystem::path& path() const noexcept {
    return path_;
  }

  /// Writes a file with the given permissions and returns its path.
  std::filesystem::path write(const std::string& name, std::string_view text,
                              unsigned mode = 0600) const;

private:
  std::filesystem::path path_;
};

/// Two backends without drivers: "sqlite", which is happy with everything, and
/// "fake", which has the options host, port and label and refuses the port 13.
backend_registry test_registry();

/// Loads a text that is called "test.toml", with the rest from `source`.
load_result load_toml(std::string_view toml, config_source source = {});

/// The same with environment variables.
load_result load_env(std::string_view toml, environment_map environment);

/// Loads what must load.
loaded_config must_load(load_result result);

/// All problems as they print, one in a line; fails if there are none.
std::string problems_of(load_result result);

/// A node with pools of these names, all else as by default.
inline node_config node_with(const std::vector<std::string>& names) {
  node_config x;
  for (auto& name : names) {
    x.pools.emplace_back();
    x.pools.back().name = name;
  }
  return x;
}

/// The folder with the shipped files.
std::filesystem::path shipped_folder();

/// Three pools' worth of text for tests that look for leaks of it.
inline constexpr std::string_view canary = "S3cr3tCanary_%";

} // namespace caf_pool::test

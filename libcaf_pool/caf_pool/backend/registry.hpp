#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/core/backend_families.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/settings/validate.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// One key that a backend understands in its own table of a configuration.
struct backend_option {
  std::string key;
  /// Text of the default; empty if there is none.
  std::string fallback;
  /// One sentence for config/base.toml.
  std::string doc;
  /// Other pools' names for it, which are also understood in the pool's table.
  std::vector<std::string> spellings = {};
};

/// What a configuration file needs to know of a kind of server.
struct backend_info {
  std::string name;
  std::vector<backend_option> options;
  /// Returns all problems of the backend's options; keys without prefix.
  std::function<std::vector<config_problem>(const pool_config&)> check;
  /// Makes the backend. Touches neither network nor file system.
  std::function<result<backend_ptr>(const pool_config&)> make;
  /// Keys of the pool that `make` copies, besides its options and the password:
  /// a reload that changes one makes the backend anew and replaces the pool's
  /// connections.
  std::vector<std::string> reads = {};
  /// Gives the next backend of a pool what the present one keeps and a reload
  /// must not lose; none if there is no such thing.
  std::function<void(backend& next, const backend& present)> hand_over = {};
  /// The kind of server: "database", which SQL is for, or "redis".
  std::string family = "database";
  /// Sets what a pool of this kind has instead of the general defaults. May
  /// change settings, but neither name nor backend, options or password; none
  /// if the general ones suit.
  std::function<void(pool_config&)> defaults = {};
};

/// Puts problems into one error, one line each.
error config_error(const std::vector<config_problem>& problems);

/// Finds backends by the names that configuration files use. Users add theirs
/// before they load a configuration.
///
/// Thread-safety: none for `add` and `leave_out`; the rest from any thread
/// after the last of these.
class backend_registry {
public:
  /// A registry with the backends that caf_pool was built with. Lies in
  /// backends/builtin.cpp, which alone knows them.
  static backend_registry with_defaults();

  /// Adds or replaces a backend.
  void add(backend_info info);

  /// Says that this build has no such backend, and which option brings it.
  void leave_out(std::string name, std::string option);

  const backend_info* find(std::string_view name) const noexcept;

  std::vector<std::string> names() const;

  /// Returns the family of every backend.
  backend_families families() const;

  /// Returns all problems of what a pool says about its backend: an unknown
  /// backend, unknown options, each with the nearest known name, and wrong
  /// values. Keys are "backend" and the options' own, without prefix.
  std::vector<config_problem> problems(const pool_config& config) const;

  /// Makes the backend of a pool, or says what is wrong with its options.
  /// `present` is the pool's backend if it has one.
  result<backend_ptr> make(const pool_config& config,
                           const backend_ptr& present = nullptr) const;

private:
  std::string unknown_backend(const std::string& name) const;

  std::map<std::string, backend_info, std::less<>> infos_;
  /// Names, and the options that bring them.
  std::map<std::string, std::string> left_out_;
};

} // namespace caf_pool

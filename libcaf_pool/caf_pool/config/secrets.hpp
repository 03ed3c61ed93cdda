#pragma once

#include "caf_pool/config/environment.hpp"
#include "caf_pool/config/layer.hpp"
#include "caf_pool/core/secret.hpp"
#include "caf_pool/settings/validate.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace caf_pool::detail {

/// Where the secrets of this process are, and how strict to be.
struct secret_places {
  /// Where a service manager puts credentials: $CREDENTIALS_DIRECTORY.
  std::filesystem::path credentials;
  /// Where containers put them: /run/secrets.
  std::filesystem::path run_secrets;
  /// A password in a file of settings is an error, not only a warning.
  bool production = false;
};

/// How a pool's password was given: at most one of the three is not empty.
struct secret_source {
  secret literal;
  std::string password_file;
  std::string credential;
  origin from;
  /// Where it was written: a relative password_file begins there.
  std::filesystem::path folder;
  /// Why the file with a literal is no place for it; see layer.
  std::string exposure;
  layer_kind kind = layer_kind::file;
};

/// Takes password, password_file and credential of the table `prefix`
/// ("pools.main.") from a layer. What an earlier layer said is forgotten if
/// this one says anything; an empty text means none.
void read_secret(layer& from, const std::string& prefix, secret_source& to,
                 std::vector<config_problem>& problems);

/// Returns the password itself. Reads at most one file.
secret resolve_secret(const secret_source& from, const std::string& prefix,
                      const secret_places& places,
                      std::vector<config_problem>& problems,
                      std::vector<config_problem>& warnings);

} // namespace caf_pool::detail

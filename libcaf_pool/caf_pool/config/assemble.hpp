#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/config/layer.hpp"
#include "caf_pool/config/load.hpp"
#include "caf_pool/config/pool_draft.hpp"
#include "caf_pool/config/secrets.hpp"
#include "caf_pool/settings/validate.hpp"

#include <string_view>
#include <vector>

namespace caf_pool::detail {

/// Returns the names of the tables below [pools], in order.
std::vector<std::string> pools_of(const std::vector<layer>& layers);

/// Returns the pools whose backend is of a family.
std::vector<std::string> pools_of_family(const std::vector<layer>& layers,
                                         const backend_registry& registry,
                                         std::string_view family);

/// Makes a configuration of layers, the last of which wins.
///
/// A pool begins as the table [defaults] of all layers; then come the defaults
/// of its kind of backend, and then its own table of each layer.
class assembler {
public:
  assembler(std::vector<layer>& layers, const backend_registry& registry,
            const config_source& source, std::vector<config_problem>& problems);

  /// Fills `result`, and `places` with where each key of it was written.
  void run(loaded_config& result, place_map& places);

private:
  void take_node(loaded_config& result, place_map& places);
  bool take_pools(loaded_config& result, place_map& places);
  pool_draft take_pool(const std::string& name, const pool_draft& defaults,
                       loaded_config& result);
  /// Returns nothing for an unknown one, which it reports.
  const backend_info* take_backend(pool_draft& draft,
                                   const std::string& prefix);
  void take_options(pool_draft& draft, const backend_info& backend,
                    const std::string& prefix);
  /// Takes an option from one layer, in whatever spelling.
  void take_spellings(pool_draft& draft, const backend_option& option,
                      const std::string& prefix, layer& from);
  void take_option(pool_draft& draft, const std::string& option, assignment& x);
  void warn_of_other_backends(const pool_draft& draft,
                              const std::string& prefix, loaded_config& result);
  void pass_over(const backend_option& option, const std::string& prefix,
                 const std::string& backend, layer& from,
                 const pool_draft& draft, loaded_config& result);
  void take_password(pool_draft& draft, const std::string& prefix,
                     loaded_config& result);
  /// Replaces ${state}; reports it if there is no such folder.
  std::string expand(std::string text, const assignment& x);
  void refuse(const assignment& x, std::string value, std::string message);

  std::vector<layer>& layers_;
  const backend_registry& registry_;
  const config_source& source_;
  std::vector<config_problem>& problems_;
  secret_places secret_places_;
  std::string state_folder_;
};

} // namespace caf_pool::detail

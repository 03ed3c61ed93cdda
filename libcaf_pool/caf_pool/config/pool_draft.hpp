#pragma once

#include "caf_pool/config/layer.hpp"
#include "caf_pool/config/secrets.hpp"
#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/settings/validate.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::detail {

/// Where the values of a table came from, by keys relative to it.
using place_map = std::map<std::string, origin, std::less<>>;

/// A pool's configuration while layer after layer is laid upon it.
class pool_draft {
public:
  pool_config config;
  place_map places;
  secret_source password;

  /// Takes all settings of a table ("defaults." or "pools.main.") from one
  /// layer, in whatever spelling.
  void take_settings(layer& from, const std::string& prefix,
                     std::vector<config_problem>& problems);

  /// Turns `pool_size` and `max_overflow` into `max_size`, once all layers are
  /// taken.
  void settle_size(const std::string& prefix,
                   std::vector<config_problem>& problems);

private:
  struct base_size {
    std::uint32_t value = 0;
    origin from;
    // The same layer also has `max_size`, so both must agree.
    bool beside_max_size = false;
  };

  /// A source that writes `max_size` alone means all of it: forgets the
  /// overflow of another one.
  void drop_older_overflow();

  std::optional<base_size> base_size_;
};

/// Takes all settings of a node but its pools from one layer.
void take_node_settings(node_config& x, place_map& places, layer& from,
                        std::vector<config_problem>& problems);

} // namespace caf_pool::detail

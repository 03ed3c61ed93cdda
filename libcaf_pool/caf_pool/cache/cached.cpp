#include "caf_pool/cache/cached.hpp"

namespace caf_pool {

std::string_view to_string(cache_state x) noexcept {
  switch (x) {
    case cache_state::hit:
      return "hit";
    case cache_state::stale:
      return "stale";
    case cache_state::negative:
      return "negative";
    case cache_state::miss:
      return "miss";
    case cache_state::computed:
      return "computed";
    case cache_state::unavailable:
      return "unavailable";
  }
  return "invalid";
}

} // namespace caf_pool

#include "figure.hpp"

namespace caf_pool::bench {

std::vector<figure> all_figures() {
  return {f1_lease(), f2_contention(), f3_messages()};
}

} // namespace caf_pool::bench

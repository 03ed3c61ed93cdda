#include "caf_pool/lease/warning_box.hpp"

#include <utility>

namespace caf_pool {

void warning_box::put(connection_id from,
                      const std::vector<sql_warning>& warnings) {
  count_.fetch_add(warnings.size(), std::memory_order_relaxed);
  auto guard = std::lock_guard{mutex_};
  for (auto& x : warnings) {
    if (contents_.kept.size() < capacity)
      contents_.kept.push_back({from, x});
    else
      ++contents_.left_out;
  }
  filled_.store(true, std::memory_order_relaxed);
}

warning_box::contents warning_box::take() {
  auto guard = std::lock_guard{mutex_};
  filled_.store(false, std::memory_order_relaxed);
  return std::exchange(contents_, {});
}

} // namespace caf_pool

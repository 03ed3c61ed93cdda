#include "caf_pool/config/layer.hpp"

namespace caf_pool::detail {

void layer::add(assignment x) {
  auto& entry = entries_.emplace_back(std::move(x));
  by_key_.emplace(entry.key, &entry);
}

std::vector<assignment*> layer::find(std::string_view key) {
  std::vector<assignment*> found;
  auto [first, last] = by_key_.equal_range(key);
  for (; first != last; ++first) {
    first->second->used = true;
    found.push_back(first->second);
  }
  return found;
}

bool layer::contains(std::string_view key) const {
  return by_key_.find(key) != by_key_.end();
}

} // namespace caf_pool::detail

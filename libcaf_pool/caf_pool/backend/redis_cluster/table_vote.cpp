#include "caf_pool/backend/redis_cluster/table_vote.hpp"

#include <algorithm>
#include <cstddef>

namespace caf_pool::cluster {

namespace {

/// Returns a table that more than half of so many voters tell.
const slot_table* majority(const std::vector<const slot_table*>& votes,
                           std::size_t voters) {
  for (auto* x : votes) {
    auto same = std::count_if(votes.begin(), votes.end(),
                              [x](auto* y) { return y->serves_as(*x); });
    if (static_cast<std::size_t>(same) * 2 > voters)
      return x;
  }
  return nullptr;
}

} // namespace

const slot_table* agreed(const slot_table& present,
                         const std::vector<told_table>& told) {
  auto masters = present.masters();
  std::vector<const slot_table*> of_masters;
  std::vector<const slot_table*> of_all;
  for (auto& x : told) {
    of_all.push_back(&x.table);
    if (std::find(masters.begin(), masters.end(), x.by) != masters.end())
      of_masters.push_back(&x.table);
  }
  if (!of_masters.empty())
    return majority(of_masters, masters.size());
  auto* result = majority(of_all, of_all.size());
  return result != nullptr && result->covered() > 0 ? result : nullptr;
}

} // namespace caf_pool::cluster

#include "caf_pool/remote/call_table.hpp"

namespace caf_pool {

void call_table::insert(std::uint64_t request, remote_call x) {
  if (x.deadline != never)
    deadlines_.emplace(x.deadline, request);
  calls_.insert_or_assign(request, std::move(x));
}

bool call_table::only_wakes(std::uint64_t request) const {
  auto i = calls_.find(request);
  return i != calls_.end() && i->second.only_wakes;
}

std::optional<remote_call> call_table::take(std::uint64_t request) {
  auto node = calls_.extract(request);
  if (node.empty())
    return std::nullopt;
  auto& x = node.mapped();
  if (x.deadline != never)
    deadlines_.erase({x.deadline, request});
  return std::move(x);
}

std::vector<std::pair<std::uint64_t, remote_call>> call_table::take_expired(
  time_point now) {
  std::vector<std::pair<std::uint64_t, remote_call>> result;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    auto request = deadlines_.begin()->second;
    result.emplace_back(request, *take(request));
  }
  return result;
}

std::vector<remote_call> call_table::take_all() {
  std::vector<remote_call> result;
  result.reserve(calls_.size());
  for (auto& [request, x] : calls_)
    result.push_back(std::move(x));
  calls_.clear();
  deadlines_.clear();
  return result;
}

time_point call_table::next_deadline() const noexcept {
  return deadlines_.empty() ? never : deadlines_.begin()->first;
}

} // namespace caf_pool

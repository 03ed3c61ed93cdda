#include "caf_pool/actor/pool_callers.hpp"

namespace caf_pool {

void pool_callers::add(ticket id, pool_caller who) {
  if (who.request != 0)
    requests_.insert_or_assign({who.from, who.request}, id);
  callers_.emplace(id, std::move(who));
}

pool_caller* pool_callers::find(ticket id) noexcept {
  auto i = callers_.find(id);
  return i != callers_.end() ? &i->second : nullptr;
}

std::optional<pool_caller> pool_callers::take(ticket id) {
  auto node = callers_.extract(id);
  if (node.empty())
    return std::nullopt;
  auto& who = node.mapped();
  auto i = who.request != 0 ? requests_.find({who.from, who.request})
                            : requests_.end();
  if (i != requests_.end() && i->second == id)
    requests_.erase(i);
  return std::move(who);
}

std::unordered_map<ticket, pool_caller> pool_callers::take_all() {
  requests_.clear();
  return std::exchange(callers_, {});
}

std::optional<ticket> pool_callers::of_request(const caf::actor_addr& from,
                                               std::uint64_t request) const {
  auto i = requests_.find({from, request});
  return i != requests_.end() ? std::optional{i->second} : std::nullopt;
}

std::vector<ticket> pool_callers::of_sender(const caf::actor_addr& from) const {
  std::vector<ticket> result;
  for (auto& [id, who] : callers_)
    if (who.from == from
        && !std::holds_alternative<std::shared_ptr<granter>>(who.reply))
      result.push_back(id);
  return result;
}

} // namespace caf_pool

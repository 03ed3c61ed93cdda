#include "caf_pool/backend/redis_cluster/node_pools.hpp"

#include <utility>

namespace caf_pool::cluster {

node_pools::node_pools(maker make, const node_limits& limits)
  : make_(std::move(make)), limits_(limits), random_(seed_of(clock::now())) {
  // nop
}

result<node_lease> node_pools::acquire(const node_address& node,
                                       time_point deadline) {
  auto lock = std::unique_lock{mutex_};
  auto& place = pools_[node];
  if (place == nullptr) {
    auto made = make_(node);
    if (!made)
      return made.error();
    place = std::make_shared<node_pool>(node, *std::move(made), limits_,
                                        random_.split());
  }
  auto pool = place;
  lock.unlock();
  return pool->acquire(deadline);
}

result<backend_ptr> node_pools::server(const node_address& node) const {
  return make_(node);
}

void node_pools::keep(const slot_table& table) {
  std::vector<std::shared_ptr<node_pool>> gone;
  std::vector<std::shared_ptr<node_pool>> left;
  auto lock = std::unique_lock{mutex_};
  for (auto i = pools_.begin(); i != pools_.end();) {
    auto stays = table.knows(i->first);
    if (i->second != nullptr)
      (stays ? left : gone).push_back(i->second);
    i = stays ? std::next(i) : pools_.erase(i);
  }
  lock.unlock();
  for (auto& x : gone)
    x->retire();
  for (auto& x : left)
    x->sweep(clock::now());
}

void node_pools::forget(const node_address& node) {
  auto lock = std::unique_lock{mutex_};
  auto found = pools_.extract(node);
  lock.unlock();
  if (found && found.mapped() != nullptr)
    found.mapped()->retire();
}

std::vector<node_state> node_pools::states() const {
  std::vector<node_state> result;
  auto lock = std::unique_lock{mutex_};
  for (auto& [where, pool] : pools_)
    if (pool != nullptr)
      result.push_back(pool->state());
  return result;
}

} // namespace caf_pool::cluster

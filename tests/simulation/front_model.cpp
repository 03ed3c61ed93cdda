#include "simulation/front_model.hpp"

namespace caf_pool::simulation {

// -- the actor's side ---------------------------------------------------------

bool front_model::offer(connection_id id) {
  auto& x = slots_[id];
  if (x.state != slot_state::empty)
    return false;
  x.state = slot_state::offered;
  x.recall = false;
  return true;
}

bool front_model::withdraw(connection_id id) {
  auto i = slots_.find(id);
  if (i == slots_.end())
    return false;
  auto& x = i->second;
  if (x.state == slot_state::taken)
    x.recall = true;
  if (x.state != slot_state::offered)
    return false;
  x.state = slot_state::empty;
  return true;
}

std::optional<connection_id> front_model::withdraw_any() {
  for (auto& [id, x] : slots_) {
    if (x.state == slot_state::offered) {
      x.state = slot_state::empty;
      return id;
    }
  }
  return std::nullopt;
}

bool front_model::revoke(connection_id id, std::uint64_t generation) {
  if (!holds(id, generation))
    return false;
  slots_[id].state = slot_state::revoked;
  return true;
}

std::optional<lease_end> front_model::collect(connection_id id) {
  auto i = slots_.find(id);
  if (i == slots_.end() || i->second.state != slot_state::returned)
    return std::nullopt;
  i->second.state = slot_state::empty;
  auto result = i->second.left;
  result.front_uses = i->second.uses;
  return result;
}

void front_model::unbind(connection_id id) {
  slots_.erase(id);
}

// -- the callers' side --------------------------------------------------------

std::optional<connection_id> front_model::try_take(std::uint32_t holder,
                                                   time_point now) {
  if (shut_)
    return std::nullopt;
  for (auto& [id, x] : slots_) {
    if (x.state != slot_state::offered)
      continue;
    x.state = slot_state::taken;
    ++x.uses;
    x.holder = holder;
    x.since = now;
    return id;
  }
  return std::nullopt;
}

front_model::outcome front_model::give_back(connection_id id,
                                            std::uint64_t generation,
                                            const lease_end& how) {
  auto i = slots_.find(id);
  if (i == slots_.end() || i->second.uses != generation)
    return outcome::stale;
  auto& x = i->second;
  if (x.state != slot_state::taken && x.state != slot_state::revoked)
    return outcome::stale;
  auto again = !shut_ && how.left == trace::clean && !x.recall
               && x.state == slot_state::taken;
  x.state = again ? slot_state::offered : slot_state::returned;
  x.left = how;
  return again ? outcome::lent_again : outcome::to_actor;
}

bool front_model::holds(connection_id id, std::uint64_t generation) const {
  auto i = slots_.find(id);
  return i != slots_.end() && i->second.state == slot_state::taken
         && i->second.uses == generation;
}

void front_model::put_aside(connection_id id) {
  slots_[id].state = slot_state::empty;
}

// -- looking at it ------------------------------------------------------------

std::uint64_t front_model::uses(connection_id id) const {
  auto i = slots_.find(id);
  return i != slots_.end() ? i->second.uses : 0;
}

std::vector<front_view> front_model::look() const {
  std::vector<front_view> result;
  for (auto& [id, x] : slots_) {
    front_view view;
    view.connection = id;
    view.taken = x.state == slot_state::taken || x.state == slot_state::revoked
                 || x.state == slot_state::returned;
    view.uses = x.uses;
    view.generation = x.uses;
    view.since = x.since;
    if (view.taken)
      view.holder = "caller " + std::to_string(x.holder);
    result.push_back(std::move(view));
  }
  return result;
}

} // namespace caf_pool::simulation

#include "caf_pool/backend/redis_cluster/slot_table.hpp"

#include <algorithm>
#include <iterator>

namespace caf_pool::cluster {

slot_table::slot_table(std::uint64_t epoch)
  : epoch_(epoch), shards_of_slots_(slot_count, none) {
  // nop
}

// -- looking up ---------------------------------------------------------------

const node_address* slot_table::master_of(slot_number slot) const noexcept {
  if (slot >= slot_count || shards_of_slots_[slot] == none)
    return nullptr;
  return &nodes_[shards_[shards_of_slots_[slot]].master];
}

std::vector<node_address> slot_table::replicas_in(const shard& x) const {
  std::vector<node_address> result;
  result.reserve(x.replicas.size());
  for (auto i : x.replicas)
    result.push_back(nodes_[i]);
  return result;
}

std::vector<node_address> slot_table::replicas_of(slot_number slot) const {
  if (slot >= slot_count || shards_of_slots_[slot] == none)
    return {};
  return replicas_in(shards_[shards_of_slots_[slot]]);
}

std::vector<node_address> slot_table::masters() const {
  std::vector<node_address> result;
  for (auto& x : shards_)
    if (x.slots > 0)
      result.push_back(nodes_[x.master]);
  return result;
}

bool slot_table::knows(const node_address& node) const noexcept {
  return std::find(nodes_.begin(), nodes_.end(), node) != nodes_.end();
}

// -- comparing ----------------------------------------------------------------

bool slot_table::accepts(const slot_table& newer) const noexcept {
  return newer.epoch_ >= epoch_ && newer.covered_ >= covered_;
}

bool slot_table::preferable_to(const slot_table& other) const noexcept {
  return epoch_ != other.epoch_ ? epoch_ > other.epoch_
                                : covered_ > other.covered_;
}

bool slot_table::alike(index mine, const slot_table& other,
                       index theirs) const {
  if (mine == none || theirs == none)
    return mine == theirs;
  auto& x = shards_[mine];
  auto& y = other.shards_[theirs];
  if (nodes_[x.master] != other.nodes_[y.master]
      || x.replicas.size() != y.replicas.size())
    return false;
  auto some = replicas_in(x);
  auto others = other.replicas_in(y);
  return std::is_permutation(some.begin(), some.end(), others.begin());
}

bool slot_table::serves_as(const slot_table& other) const {
  if (covered_ != other.covered_)
    return false;
  // Neighbours are mostly of the same shard.
  auto mine = none;
  auto theirs = none;
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    if (shards_of_slots_[slot] == mine
        && other.shards_of_slots_[slot] == theirs)
      continue;
    mine = shards_of_slots_[slot];
    theirs = other.shards_of_slots_[slot];
    if (!alike(mine, other, theirs))
      return false;
  }
  return true;
}

// -- changing -----------------------------------------------------------------

/// Returns a node's place, which it gets if it has none; `none` if there are
/// too many.
slot_table::index slot_table::node(const node_address& x) {
  auto i = std::find(nodes_.begin(), nodes_.end(), x);
  if (i == nodes_.end()) {
    if (nodes_.size() >= max_nodes)
      return none;
    i = nodes_.insert(i, x);
  }
  return static_cast<index>(std::distance(nodes_.begin(), i));
}

slot_table::index slot_table::shard_of(index master) {
  auto is_its = [master](const shard& x) { return x.master == master; };
  auto i = std::find_if(shards_.begin(), shards_.end(), is_its);
  if (i == shards_.end())
    i = shards_.insert(i, shard{master, {}, 0});
  return static_cast<index>(std::distance(shards_.begin(), i));
}

void slot_table::give(slot_number slot, index to) noexcept {
  auto& place = shards_of_slots_[slot];
  if (place == none)
    ++covered_;
  else
    --shards_[place].slots;
  place = to;
  ++shards_[to].slots;
}

bool slot_table::add(slot_number first, slot_number last,
                     const node_address& master,
                     const std::vector<node_address>& replicas) {
  if (first > last || last >= slot_count || master.port == 0
      || nodes_.size() + replicas.size() >= max_nodes)
    return false;
  auto begin = shards_of_slots_.begin();
  if (!std::all_of(begin + first, begin + last + 1,
                   [](index x) { return x == none; }))
    return false;
  auto place = shard_of(node(master));
  for (auto& x : replicas) {
    auto i = node(x);
    auto& known = shards_[place].replicas;
    if (std::find(known.begin(), known.end(), i) == known.end())
      known.push_back(i);
  }
  for (std::size_t slot = first; slot <= last; ++slot)
    give(static_cast<slot_number>(slot), place);
  return true;
}

bool slot_table::learn(slot_number slot, const node_address& master) {
  if (slot >= slot_count || master.port == 0)
    return false;
  auto* present = master_of(slot);
  if (present != nullptr && *present == master)
    return false;
  auto i = node(master);
  if (i == none)
    return false;
  give(slot, shard_of(i));
  return true;
}

slot_table_ptr learned(const slot_table_ptr& table, slot_number slot,
                       const node_address& master) {
  auto* present = table->master_of(slot);
  if (present != nullptr && *present == master)
    return table;
  auto copy = std::make_shared<slot_table>(*table);
  return copy->learn(slot, master) ? slot_table_ptr{std::move(copy)} : table;
}

} // namespace caf_pool::cluster

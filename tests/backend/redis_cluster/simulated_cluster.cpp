#include "backend/redis_cluster/simulated_cluster.hpp"

#include "backend/redis_cluster/known_commands.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace caf_pool::test {

using namespace cluster;

namespace {

error refuse(const std::string& text) {
  return {errc::execute_failed, text, text.substr(0, text.find(' '))};
}

std::string argument(const redis_command& command, std::size_t index) {
  return std::string{command.at(index)};
}

} // namespace

// -- data ---------------------------------------------------------------------

redis_value simulated_data::get(const std::string& key) const {
  auto i = values_.find(key);
  return i == values_.end() ? redis_value{} : redis_value{i->second};
}

redis_value simulated_data::execute(const redis_command& command) {
  auto name = command.name();
  auto key = argument(command, 1);
  auto ok = redis_value{redis_status{"OK"}};
  if (name == "GET")
    return get(key);
  if (name == "SET") {
    values_[key] = argument(command, 2);
    return ok;
  }
  if (name == "INCR") {
    auto& text = values_[key];
    auto x = std::int64_t{text.empty() ? 0 : std::stoll(text)} + 1;
    text = std::to_string(x);
    return redis_value{x};
  }
  if (name == "MSET") {
    for (std::size_t i = 1; i < command.size(); i += 2)
      values_[argument(command, i)] = argument(command, i + 1);
    return ok;
  }
  redis_array all;
  auto erased = std::int64_t{0};
  for (std::size_t i = 1; i < command.size(); ++i) {
    if (name == "MGET")
      all.items.push_back(get(argument(command, i)));
    else
      erased += static_cast<std::int64_t>(values_.erase(argument(command, i)));
  }
  return name == "MGET" ? redis_value{std::move(all)} : redis_value{erased};
}

void simulated_data::give(const std::string& key, simulated_data& to) {
  auto i = values_.find(key);
  to.values_.insert_or_assign(i->first, i->second);
  values_.erase(i);
}

// -- the cluster --------------------------------------------------------------

simulated_cluster::simulated_cluster(std::size_t nodes,
                                     std::vector<std::string> tags,
                                     std::uint64_t seed)
  : dice_(seed), nodes_(nodes) {
  for (std::size_t i = 0; i < nodes; ++i)
    addresses_.push_back({"node" + std::to_string(i), 7000});
  for (auto& tag : tags) {
    auto slot = slot_of(tag);
    slots_.push_back(slot);
    owners_[slot] = dice_.below(nodes);
  }
  for (auto& x : nodes_)
    x.owners = owners_;
}

std::size_t simulated_cluster::index_of(const node_address& x) const {
  auto i = std::find(addresses_.begin(), addresses_.end(), x);
  return static_cast<std::size_t>(i - addresses_.begin());
}

result<redis_value> simulated_cluster::redirected(const char* word,
                                                  slot_number slot,
                                                  std::size_t to) const {
  auto& target = addresses_[to];
  return refuse(std::string{word} + " " + std::to_string(slot) + " "
                + target.host + ":" + std::to_string(target.port));
}

/// Returns nil if the node executes the command.
result<redis_value> simulated_cluster::refusal(std::size_t self,
                                               const redis_command& command,
                                               bool asking) {
  auto keys = *known_commands().keys_of(command);
  auto slot = slot_of(keys.front());
  for (auto& key : keys)
    if (slot_of(key) != slot)
      return refuse("CROSSSLOT Keys in request don't hash to the same slot");
  if (dice_.below(100) == 0)
    return refuse(dice_.below(2) == 0 ? "CLUSTERDOWN The cluster is down"
                                      : "CLUSTERDOWN Hash slot not served");
  auto& me = nodes_[self];
  auto owner = me.owners.at(slot);
  auto moving = migrations_.find(slot);
  auto has = [&](auto& key) { return me.data.contains(std::string{key}); };
  auto present
    = static_cast<std::size_t>(std::count_if(keys.begin(), keys.end(), has));
  if (owner == self && moving != migrations_.end()
      && moving->second.from == self && present < keys.size()) {
    if (present > 0)
      return refuse("TRYAGAIN Multiple keys request during rehashing of slot");
    return redirected("ASK", slot, moving->second.to);
  }
  if (owner != self && asking && moving != migrations_.end()
      && moving->second.to == self) {
    if (keys.size() > 1 && present < keys.size())
      return refuse("TRYAGAIN Multiple keys request during rehashing of slot");
    return redis_value{};
  }
  if (owner != self)
    return redirected("MOVED", slot, owner);
  return redis_value{};
}

result<redis_value> simulated_cluster::execute(const node_address& asked,
                                               const redis_command& command,
                                               bool asking) {
  auto self = index_of(asked);
  if (self == nodes_.size())
    return error{errc::node_unreachable, "no such node", {}};
  if (auto refused = refusal(self, command, asking); !refused)
    return refused;
  ++executed_;
  return nodes_[self].data.execute(command);
}

// -- what happens -------------------------------------------------------------

void simulated_cluster::begin_migration() {
  auto slot = slots_[dice_.below(slots_.size())];
  auto to = dice_.below(nodes_.size());
  // The new master has heard who has the slot now.
  if (migrations_.contains(slot) || owners_[slot] == to)
    return;
  nodes_[to].owners[slot] = owners_[slot];
  migrations_.emplace(slot, migration{owners_[slot], to});
}

void simulated_cluster::move_key(slot_number slot, migration& x) {
  auto& from = nodes_[x.from].data;
  for (auto& [key, value] : from.values()) {
    if (slot_of(key) == slot) {
      from.give(std::string{key}, nodes_[x.to].data);
      return;
    }
  }
  // All keys are there: CLUSTER SETSLOT NODE, at the new master first.
  if (!x.master_knows) {
    x.master_knows = true;
    owners_[slot] = nodes_[x.to].owners[slot] = x.to;
    nodes_[x.to].epoch = ++epoch_;
    return;
  }
  nodes_[x.from].owners[slot] = x.to;
  nodes_[x.from].epoch = epoch_;
  migrations_.erase(slot);
}

/// A node hears of one slot. Those that are part of its migration know better.
void simulated_cluster::gossip() {
  auto i = dice_.below(nodes_.size());
  auto slot = slots_[dice_.below(slots_.size())];
  auto moving = migrations_.find(slot);
  if (moving != migrations_.end()
      && (moving->second.from == i || moving->second.to == i))
    return;
  nodes_[i].owners[slot] = owners_[slot];
  nodes_[i].epoch = epoch_;
}

void simulated_cluster::go_on(bool begin) {
  switch (dice_.below(4)) {
    case 0:
      if (begin)
        begin_migration();
      break;
    case 1:
      gossip();
      break;
    default:
      if (!migrations_.empty()) {
        auto i = migrations_.begin();
        std::advance(i, dice_.below(migrations_.size()));
        move_key(i->first, i->second);
      }
  }
}

void simulated_cluster::settle() {
  while (!migrations_.empty())
    move_key(migrations_.begin()->first, migrations_.begin()->second);
  for (auto& x : nodes_) {
    x.owners = owners_;
    x.epoch = epoch_;
  }
}

// -- what it says -------------------------------------------------------------

redis_value simulated_cluster::slots(const node_address& asked) const {
  redis_array all;
  for (auto& [slot, owner] : nodes_[index_of(asked)].owners) {
    redis_array master;
    master.items.emplace_back(addresses_[owner].host);
    master.items.emplace_back(std::int64_t{addresses_[owner].port});
    redis_array entry;
    entry.items.emplace_back(std::int64_t{slot});
    entry.items.emplace_back(std::int64_t{slot});
    entry.items.emplace_back(std::move(master));
    all.items.emplace_back(std::move(entry));
  }
  return redis_value{std::move(all)};
}

std::uint64_t simulated_cluster::epoch(const node_address& asked) const {
  return nodes_[index_of(asked)].epoch;
}

std::map<std::string, std::string> simulated_cluster::values() const {
  std::map<std::string, std::string> result;
  for (auto& x : nodes_)
    result.insert(x.data.values().begin(), x.data.values().end());
  return result;
}

} // namespace caf_pool::test

#pragma once

#include "caf_pool/backend/redis_cluster/node_address.hpp"
#include "caf_pool/backend/redis_cluster/slot_of.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace caf_pool::cluster {

/// Says which nodes serve which slots: a master and its replicas for each.
///
/// A table that is in use is shared and never changed; who knows better shares
/// another one. A copy costs 32 kB and the list of nodes.
///
/// Thread-safety: like a plain value.
class slot_table {
public:
  /// More nodes than any cluster has.
  static constexpr std::size_t max_nodes = 4096;

  /// A table that knows no node. `epoch` is the age of the cluster's order of
  /// things (`cluster_current_epoch`) that the table was read at.
  explicit slot_table(std::uint64_t epoch = 0);

  std::uint64_t epoch() const noexcept {
    return epoch_;
  }

  /// Returns how many slots have a master.
  std::size_t covered() const noexcept {
    return covered_;
  }

  /// Returns the master of a slot; null if none is known. It lives as long as
  /// the table.
  const node_address* master_of(slot_number slot) const noexcept;

  std::vector<node_address> replicas_of(slot_number slot) const;

  /// All nodes that were named, each once.
  const std::vector<node_address>& nodes() const noexcept {
    return nodes_;
  }

  /// The nodes that have at least one slot.
  std::vector<node_address> masters() const;

  bool knows(const node_address& node) const noexcept;

  /// Tells whether a table that was read later may take the place of this one.
  /// It must be of the same epoch or a newer one, and cover as many slots: a
  /// node that was removed names none, and one that comes back still has its
  /// old view of things.
  bool accepts(const slot_table& newer) const noexcept;

  /// Tells which of two tables to begin with if two nodes disagree: the higher
  /// epoch counts, then the coverage.
  bool preferable_to(const slot_table& other) const noexcept;

  /// Tells whether all slots have the same master and the same replicas.
  bool serves_as(const slot_table& other) const;

  /// Gives slots to a master. Returns false, and changes nothing, if the slots
  /// or the address make no sense, there are too many nodes, or one of the
  /// slots has a master already.
  bool add(slot_number first, slot_number last, const node_address& master,
           const std::vector<node_address>& replicas = {});

  /// Takes over what a node said by MOVED: the slot has this master. Nothing
  /// is known of its replicas unless it is master of other slots. Returns
  /// whether that is news.
  bool learn(slot_number slot, const node_address& master);

private:
  using index = std::uint16_t;

  static constexpr index none = 0xffff;

  /// A master with its replicas, by their places in `nodes_`.
  struct shard {
    index master = none;
    std::vector<index> replicas;
    std::size_t slots = 0;
  };

  index node(const node_address& x);
  index shard_of(index master);
  void give(slot_number slot, index to) noexcept;
  bool alike(index mine, const slot_table& other, index theirs) const;
  std::vector<node_address> replicas_in(const shard& x) const;

  std::uint64_t epoch_;
  std::size_t covered_ = 0;
  std::vector<node_address> nodes_;
  std::vector<shard> shards_;
  /// The shard of each slot.
  std::vector<index> shards_of_slots_;
};

using slot_table_ptr = std::shared_ptr<const slot_table>;

/// Returns the table with what MOVED said of a slot: the same one if that is no
/// news, a changed copy otherwise.
slot_table_ptr learned(const slot_table_ptr& table, slot_number slot,
                       const node_address& master);

} // namespace caf_pool::cluster

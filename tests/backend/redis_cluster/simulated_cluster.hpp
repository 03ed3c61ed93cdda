#pragma once

#include "caf_pool/backend/redis_cluster/batch_splitter.hpp"
#include "caf_pool/backend/redis_cluster/slot_table.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/core/redis_value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace caf_pool::test {

/// Executes GET, SET, INCR, MGET, MSET and DEL on a map of keys.
class simulated_data {
public:
  redis_value execute(const redis_command& command);

  bool contains(const std::string& key) const {
    return values_.contains(key);
  }

  const std::map<std::string, std::string>& values() const noexcept {
    return values_;
  }

  /// Moves a key to other data.
  void give(const std::string& key, simulated_data& to);

private:
  redis_value get(const std::string& key) const;

  std::map<std::string, std::string> values_;
};

/// A cluster in memory: masters that have slots, and slots on their way from
/// one to another. It answers MOVED, ASK and TRYAGAIN by the rules of Redis
/// (`getNodeByQuery` of cluster.c): each node by its own view, which may be an
/// old one.
class simulated_cluster {
public:
  /// The slots of some hash tags are spread over the nodes.
  simulated_cluster(std::size_t nodes, std::vector<std::string> tags,
                    std::uint64_t seed);

  const std::vector<cluster::node_address>& nodes() const noexcept {
    return addresses_;
  }

  /// A node executes a command or refuses it.
  result<redis_value> execute(const cluster::node_address& node,
                              const redis_command& command, bool asking);

  /// How many commands were executed.
  std::uint64_t executed() const noexcept {
    return executed_;
  }

  /// Lets something happen: a key of a slot moves, all of it has moved, or a
  /// node hears of it. If `begin`, a slot may begin to move.
  void go_on(bool begin);

  /// Lets all slots arrive, and all nodes know it.
  void settle();

  /// What a node says to CLUSTER SLOTS.
  redis_value slots(const cluster::node_address& node) const;

  /// The epoch that a node knows.
  std::uint64_t epoch(const cluster::node_address& node) const;

  /// All data of all nodes.
  std::map<std::string, std::string> values() const;

private:
  /// A slot that moves, until its new master and then its old one know it.
  struct migration {
    std::size_t from;
    std::size_t to;
    bool master_knows = false;
  };

  struct node {
    simulated_data data;
    /// Who has a slot, as this node sees it.
    std::map<cluster::slot_number, std::size_t> owners;
    std::uint64_t epoch = 1;
  };

  std::size_t index_of(const cluster::node_address& x) const;
  result<redis_value> refusal(std::size_t self, const redis_command& command,
                              bool asking);
  void begin_migration();
  void move_key(cluster::slot_number slot, migration& x);
  void gossip();
  result<redis_value> redirected(const char* word, cluster::slot_number slot,
                                 std::size_t to) const;

  random_source dice_;
  std::vector<cluster::node_address> addresses_;
  std::vector<node> nodes_;
  std::vector<cluster::slot_number> slots_;
  std::map<cluster::slot_number, std::size_t> owners_;
  std::map<cluster::slot_number, migration> migrations_;
  std::uint64_t epoch_ = 1;
  std::uint64_t executed_ = 0;
};

} // namespace caf_pool::test

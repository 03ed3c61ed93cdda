#pragma once

#include "support/eventually.hpp"
#include "support/private_redis.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace caf_pool::test {

struct private_redis_cluster_options {
  /// A node that says nothing for so long is taken for dead.
  std::chrono::milliseconds node_timeout{2000};
  /// For every node. A password is that of all nodes.
  private_redis_options node = {};
};

/// A Redis cluster of the test program's own: three masters and a replica of
/// each, on 127.0.0.1. Every master has a third of the slots.
///
/// ~~~
/// auto& cluster = private_redis_cluster::shared();
/// auto& master = cluster.master_of(0);
/// master.kill9();
/// REQUIRE(cluster.wait_until_ok());
/// master.start();
/// REQUIRE(cluster.wait_until_ok());
/// ~~~
///
/// Thread-safety: one thread at a time.
class private_redis_cluster {
public:
  /// Tells whether the programs for it are installed.
  static bool available();

  /// The cluster that all tests of a program share; made by the first call. A
  /// test must leave all its nodes running and `wait_until_ok`.
  static private_redis_cluster& shared();

  /// Makes and starts a cluster, in about five seconds. Throws
  /// `std::runtime_error` with what went wrong.
  explicit private_redis_cluster(private_redis_cluster_options options = {});

  ~private_redis_cluster();

  // -- who is who -------------------------------------------------------------

  /// All six.
  std::vector<private_redis*> nodes() const;

  /// Returns the node that serves a slot, as the newest view of the nodes that
  /// answer has it. Throws `std::runtime_error` if nobody does.
  private_redis& master_of(std::uint16_t slot) const;

  /// Returns a replica of a master that serves slots. Throws
  /// `std::runtime_error` if it has none.
  private_redis& replica_of(const private_redis& master) const;

  // -- what it goes through ---------------------------------------------------

  /// Moves so many slots with their keys by redis-cli and waits until all nodes
  /// know. Throws `std::runtime_error` with what redis-cli said.
  void reshard(const private_redis& from, const private_redis& to,
               std::size_t slots);

  /// Makes a replica the master in its master's place, which must be alive
  /// (CLUSTER FAILOVER), and waits until all nodes know.
  void fail_over(private_redis& replica);

  /// Waits until all nodes that answer find the cluster fine and agree on who
  /// serves which slot, and all those masters answer. While all six nodes do,
  /// every master must have a replica in the view of each node. Returns whether
  /// it is so.
  bool wait_until_ok(std::chrono::nanoseconds limit = patience) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool::test

#pragma once

#include "caf_pool/backend/redis_cluster/batch_splitter.hpp"
#include "caf_pool/backend/redis_cluster/cluster_route.hpp"
#include "caf_pool/backend/redis_cluster/node_exchange.hpp"
#include "caf_pool/backend/redis_cluster/stop_switch.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace caf_pool::cluster {

/// Carries out the commands of one call, until its deadline: sends each to its
/// node, follows redirects, and tries again what took no effect because a node
/// or the cluster was not there.
///
/// Thread-safety: one thread.
class cluster_call {
public:
  cluster_call(cluster_route& route, stop_switch& stop, time_point deadline);

  /// Returns an error if nothing was sent, and for a transaction or a single
  /// command that failed.
  result<redis_replies> run(redis_commands what);

private:
  /// Commands that are to be sent.
  struct job {
    batch what;
    /// How often they were refused, or not taken, in a row.
    std::uint32_t attempts = 0;
    /// How often a connection was lost under them.
    std::uint32_t losses = 0;
    time_point due = {};
    /// Of the table that did not serve them.
    std::uint64_t version = 0;
    error last = {};
  };

  using replies = std::vector<result<redis_value>>;

  /// A job with a connection to its node.
  struct ready_job {
    job what;
    node_lease node;
  };

  job take_next();
  std::vector<job> take_due(job first);
  void await(const job& x);
  void send(std::vector<job> wave);
  void prepare(job x, std::vector<ready_job>& ready);
  void settle(job x, node_answer answer, bool broken);
  void follow(batch_splitter::step next, const job& of);
  void try_later(job x, redirect::kind why);
  void give_up(job x);
  void take_answer(job x, replies got);
  bool try_lost_again(job& x, replies& got);
  bool is_over() const;
  error late(const job& x) const;
  result<redis_replies> end(redis_commands::form as);

  cluster_route& route_;
  stop_switch& stop_;
  const time_point deadline_;
  random_source random_;
  std::optional<batch_splitter> parts_;
  std::deque<job> open_;
  /// Why a transaction was not carried out.
  error refused_;
};

} // namespace caf_pool::cluster

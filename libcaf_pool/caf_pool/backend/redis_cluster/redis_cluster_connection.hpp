#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/redis_cluster/node_state.hpp"
#include "caf_pool/backend/redis_cluster/stop_switch.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace caf_pool {

namespace cluster {

struct cluster_route;

} // namespace cluster

/// The leave for one call at a time to a cluster. It has no socket of its own:
/// each call takes connections to the nodes that its keys lie on.
///
/// A holder that sends WATCH keeps the connection to the node of those keys
/// until EXEC, DISCARD, UNWATCH or the end of the lease; all keys lie in one
/// slot until then. If the slot moves meanwhile, the error is that of somebody
/// who was faster ("CONFLICT"): nothing took effect.
class redis_cluster_connection : public connection {
public:
  explicit redis_cluster_connection(
    std::shared_ptr<cluster::cluster_route> route);

  ~redis_cluster_connection() override;

  /// Succeeds if a node answers.
  result<void> probe(time_point deadline) override;
  result<void> reset(reset_policy policy, time_point deadline) override;
  result<outcome> run(const work& what, time_point deadline) override;
  result<void> restrict_to_reads(time_point deadline) override;
  trace state() const noexcept override;
  transaction_status transaction() const noexcept override;
  void abort() noexcept override;

  /// Tells of each node that was talked to: its connections, its breaker.
  /// Thread-safety: any thread.
  std::vector<cluster::node_state> nodes() const;

private:
  /// A node's connection that WATCH keeps.
  struct pin;

  std::optional<error> refusal(const redis_commands& what) const;
  result<redis_replies> call(const redis_commands& what, time_point deadline);
  /// Sends what means the whole cluster to all masters, or SCAN to one.
  result<redis_value> call_masters(const redis_command& what,
                                   time_point deadline);
  /// Tries a node until it answers, if nothing can have taken effect.
  result<redis_value> call_master(std::size_t number, const redis_command& what,
                                  time_point deadline);
  result<redis_replies> watch(const redis_commands& what, time_point deadline);
  result<redis_replies> call_pinned(const redis_commands& what,
                                    time_point deadline);
  std::optional<error> other_slot(const redis_commands& what) const;
  bool ends_pin(const redis_commands& what) const;
  result<redis_replies> exchange(connection& node, const redis_commands& what,
                                 time_point deadline);

  std::shared_ptr<cluster::cluster_route> route_;
  cluster::stop_switch stop_;
  std::unique_ptr<pin> pin_;
  bool restricted_ = false;
};

} // namespace caf_pool

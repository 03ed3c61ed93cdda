#pragma once

#include "caf_pool/backend/redis_cluster/node_pools.hpp"
#include "caf_pool/backend/redis_cluster/redirect.hpp"
#include "caf_pool/backend/redis_cluster/refresh_policy.hpp"
#include "caf_pool/backend/redis_cluster/slot_table.hpp"
#include "caf_pool/backend/redis_cluster/table_asker.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

namespace caf_pool::cluster {

/// Knows which node serves which slot. A thread of its own asks when callers
/// want to know: they go on with what is known, and a thousand of them are one
/// question. It begins with the first call of `first`.
///
/// Thread-safety: all members from any thread.
class topology {
public:
  topology(node_pools& nodes, std::vector<node_address> seeds,
           const refresh_config& config = {});

  /// Ends a question that is under way.
  ~topology() = default;

  topology(const topology&) = delete;
  topology& operator=(const topology&) = delete;

  /// A table and how many others there were before.
  struct view {
    slot_table_ptr table;
    std::uint64_t version = 0;
  };

  view now() const;

  /// Waits for the first table. Returns what went wrong with the next question
  /// if there is none yet.
  result<void> first(const std::stop_token& stop, time_point deadline);

  /// Takes over what a node said by MOVED.
  void learn(const redirect& moved);

  /// Asks for a newer table soon; see `refresh_policy`.
  void want(const std::optional<node_address>& whom = std::nullopt);
  void want_urgently();

  /// Waits until there is another table than that version, or `woken` says so
  /// after `wake`, or the deadline. Returns whether there is one.
  bool wait(std::uint64_t version, time_point deadline,
            const std::function<bool()>& woken) const;

  /// Makes all who wait look again.
  void wake() const;

  /// Tells whether the cluster names the node as its own; asks if the present
  /// table does not. So no script sends a caller to a foreign server.
  bool confirms(const node_address& node, time_point deadline);

  std::vector<node_address> nodes_to_ask() const;

private:
  using guard = std::unique_lock<std::mutex>;

  void run(const std::stop_token& stop);
  void refresh(guard& lock, const std::stop_token& stop);
  bool names(const node_address& x) const;
  void take(slot_table next, guard& lock);
  std::vector<node_address> order(const guard&) const;

  node_pools& nodes_;
  const std::vector<node_address> seeds_;

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  view now_;
  refresh_policy policy_;
  /// The thread's.
  table_asker asker_;
  /// The node that answered last.
  std::optional<node_address> answered_;
  /// Somebody wants to know of a node that the table does not name.
  bool doubt_ = false;
  /// The answer to that: all nodes, those without slots as well.
  std::vector<node_address> members_;
  error last_;
  std::uint64_t failures_ = 0;
  std::uint64_t answers_ = 0;
  /// Ends first.
  std::jthread thread_;
};

} // namespace caf_pool::cluster

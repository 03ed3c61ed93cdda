#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/lease/lease.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace caf {
class actor_system;
} // namespace caf

namespace caf_pool {

/// Makes the server refuse writes on a lease; blocks. If the server refuses
/// that, or does not answer in time: its error, and the lease is given back.
result<lease> restricted_to_reads(lease held, time_point deadline);

/// Makes the server refuse writes on leases of callers that do not block: on
/// threads of its own, because a pool's actor must never wait for a server.
/// They come with the work, `limit` at most, and go with it.
///
/// Thread-safety: all members from any thread.
class read_only_workers
  : public std::enable_shared_from_this<read_only_workers> {
public:
  using handler = std::function<void(result<lease>)>;

  read_only_workers(caf::actor_system& sys, std::uint32_t limit);

  /// Calls back with the restricted lease on a thread of its own. If the server
  /// refuses or does not answer in time, with its error: the lease is given
  /// back then.
  void restrict_to_reads(lease held, time_point deadline, handler done);

private:
  struct order {
    lease held;
    time_point deadline;
    handler done;
  };

  /// Works until nothing is left.
  void work();

  caf::actor_system& sys_;
  const std::uint32_t limit_;
  std::mutex mutex_;
  std::deque<order> backlog_;
  std::uint32_t working_ = 0;
};

} // namespace caf_pool

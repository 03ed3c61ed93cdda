#pragma once

#include "caf_pool/actor/pool_job.hpp"
#include "caf_pool/actor/pool_messages.hpp"
#include "caf_pool/core/sql_result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/front/holder.hpp"
#include "caf_pool/front/wait_node.hpp"

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

namespace caf_pool {

/// Statements whose answer is due.
struct waiting_execute {
  execute_reply reply;
  std::vector<sql_statement> statements;
  time_point deadline;
  /// What the caller allows in all; zero: the pool's limits.
  duration limit = duration::zero();
  bool read_only = false;
  /// The caller holds the connection beyond this.
  bool on_lease = false;
  bool bound_by_pool = false;
};

/// Somebody whom a pool's actor has not answered yet.
struct pool_caller {
  std::variant<std::shared_ptr<granter>,
               caf::typed_response_promise<lease_grant>,
               caf::typed_response_promise<lease_ptr>, waiting_execute>
    reply;
  caf::actor_addr from;
  std::uint64_t request = 0;
  holder who = {};
};

} // namespace caf_pool

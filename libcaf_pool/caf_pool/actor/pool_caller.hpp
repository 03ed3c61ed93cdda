#pragma once

#include "caf_pool/actor/pool_job.hpp"
#include "caf_pool/actor/pool_messages.hpp"
#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/core/work.hpp"
#include "caf_pool/front/holder.hpp"
#include "caf_pool/front/wait_node.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

namespace caf_pool {

/// Work whose answer is due.
struct waiting_execute {
  execute_reply reply;
  work what;
  std::optional<time_point> deadline = std::nullopt;
  /// What the caller allows in all; zero: the pool's limits.
  duration limit = duration::zero();
  bool read_only = false;
  bool bound_by_pool = false;
  /// The caller holds the connection beyond this.
  bool on_lease = false;
  /// For a second try; null if this is the last one.
  std::unique_ptr<second_try> again = nullptr;
};

/// By itself, so that the many who wait for a lease stay small.
using waiting_execute_ptr = std::unique_ptr<waiting_execute>;

/// Somebody whom a pool's actor has not answered yet.
struct pool_caller {
  std::variant<std::shared_ptr<granter>,
               caf::typed_response_promise<lease_grant>,
               caf::typed_response_promise<lease_ptr>, waiting_execute_ptr>
    reply;
  caf::actor_addr from;
  std::uint64_t request = 0;
  holder who = {};
};

/// Tells somebody why there is nothing.
void fail(pool_caller& who, const error& why);

} // namespace caf_pool

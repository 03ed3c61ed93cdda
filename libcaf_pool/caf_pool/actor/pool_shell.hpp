#pragma once

#include "caf_pool/actor/pool_job.hpp"
#include "caf_pool/actor/pool_messages.hpp"
#include "caf_pool/front/holder.hpp"
#include "caf_pool/front/loan.hpp"
#include "caf_pool/front/wait_node.hpp"
#include "caf_pool/machine/pool_facts.hpp"

#include <memory>

/// What only the pool's own parts say to its actor.
namespace caf_pool {

/// A caller in the process found nothing in the front.
struct queue_caller {
  acquire_input wish;
  std::shared_ptr<granter> answer;
  /// Written into the slot that is granted.
  holder who = {};
};

struct withdraw_caller {
  ticket caller;
};

/// A slot of the front waits to be collected.
struct slot_released {
  slot_index slot = 0;
};

/// The machine wanted to be woken.
struct wake_up {
  /// Outdated ones are ignored.
  std::uint64_t number = 0;
};

/// The pool's actor, as its own parts see it.
using pool_shell
  = actor_with<pool_handle, void(queue_caller), void(withdraw_caller),
               void(slot_released), void(job_finished), void(wake_up)>;

/// The pool's supervisor, as its own parts see it: it takes a caller whose
/// actor died, and has the next one.
using supervisor_shell = actor_with<pool_handle, void(queue_caller)>;

} // namespace caf_pool

CAF_POOL_BEGIN_MESSAGES(caf_pool_pool_shell, 260)
CAF_POOL_MESSAGE(caf_pool_pool_shell, caf_pool::queue_caller)
CAF_POOL_MESSAGE(caf_pool_pool_shell, caf_pool::withdraw_caller)
CAF_POOL_MESSAGE(caf_pool_pool_shell, caf_pool::slot_released)
CAF_POOL_MESSAGE(caf_pool_pool_shell, caf_pool::wake_up)
CAF_POOL_END_MESSAGES(caf_pool_pool_shell)

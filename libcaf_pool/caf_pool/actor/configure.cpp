#include "caf_pool/actor/configure.hpp"

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/actor/pool_control.hpp"
#include "caf_pool/actor/pool_job.hpp"
#include "caf_pool/actor/pool_messages.hpp"
#include "caf_pool/actor/pool_shell.hpp"

namespace caf_pool {

void configure_pools(caf::actor_system_config& cfg, std::size_t threads) {
  using namespace caf::id_block;
  prepare_caf<caf_pool_pool_messages, caf_pool_pool_control,
              caf_pool_manager_messages, caf_pool_pool_shell,
              caf_pool_pool_jobs>();
  set_fair_scheduler(cfg, threads);
}

} // namespace caf_pool

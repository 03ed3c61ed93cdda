#include "caf_pool/remote/setup.hpp"

#include "caf_pool/protocol/messages.hpp"
#include "caf_pool/remote/connector_actor.hpp"
#include "caf_pool/remote/link.hpp"

#include <caf/io/middleman.hpp>

namespace caf_pool {

namespace {

/// CAF 1.x wants the middleman's messages announced, 0.17 knows no such thing.
template <class Middleman>
void announce() {
  if constexpr (requires { Middleman::init_global_meta_objects(); })
    Middleman::init_global_meta_objects();
}

void announce_messages() {
  announce<caf::io::middleman>();
  prepare_caf<wire_messages, caf::id_block::caf_pool_connector,
              caf::id_block::caf_pool_connector_actor,
              caf::id_block::caf_pool_remote_link>();
}

} // namespace

void configure_remote(caf::actor_system_config& cfg,
                      const link_options& options) {
  announce_messages();
  cfg.load<caf::io::middleman>(); // before its options, for CAF 1.x
  configure_link(cfg, options);
}

} // namespace caf_pool

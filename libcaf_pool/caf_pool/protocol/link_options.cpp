#include "caf_pool/protocol/link_options.hpp"

#include "caf_pool/protocol/messages.hpp"

namespace caf_pool {

void configure_link(caf::actor_system_config& cfg,
                    const link_options& options) {
  register_messages<wire_messages>(cfg);
  set_option(cfg, "middleman.heartbeat-interval",
             caf::timespan{options.heartbeat});
  set_option(cfg, "middleman.connection-timeout",
             caf::timespan{options.timeout});
  // A peer could otherwise make this process dial addresses of its choice.
  set_option(cfg, "middleman.enable-automatic-connections", false);
}

} // namespace caf_pool

#include "caf_pool/remote/setup.hpp"

#include "caf_pool/protocol/messages.hpp"

#include <caf/io/middleman.hpp>

namespace caf_pool {

namespace {

/// CAF 1.x wants the middleman's messages announced, 0.17 knows no such thing.
template <class Middleman>
void announce() {
  if constexpr (requires { Middleman::init_global_meta_objects(); })
    Middleman::init_global_meta_objects();
}

} // namespace

void prepare_remote() {
  announce<caf::io::middleman>();
  prepare_caf<wire_messages>();
}

void configure_remote(caf::actor_system_config& cfg,
                      const link_options& options) {
  configure_link(cfg, options);
  cfg.load<caf::io::middleman>();
}

} // namespace caf_pool

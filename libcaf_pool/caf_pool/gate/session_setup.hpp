#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/gate/gate_counters.hpp"
#include "caf_pool/gate/tokens.hpp"
#include "caf_pool/log/logger.hpp"

#include <memory>
#include <string>

namespace caf_pool {

/// What a session works for and with.
struct session_setup {
  manager_handle manager;
  /// Whose messages count; all others are dropped.
  caf::strong_actor_ptr client;
  principal who;
  /// What it logged in with.
  sha256_digest token;
  /// What the client calls itself; printable.
  std::string client_name;
  remote_config limits;
  /// Of the manager's directory of pools.
  directory_version version;
  std::shared_ptr<gate_counters> counters;
  std::shared_ptr<logger> log;
};

} // namespace caf_pool

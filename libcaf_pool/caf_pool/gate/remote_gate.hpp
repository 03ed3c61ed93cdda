#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/gate/tokens.hpp"
#include "caf_pool/log/logger.hpp"
#include "caf_pool/protocol/link_options.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace caf_pool {

/// How a gate is published.
struct gate_options {
  remote_config remote;
  /// Clients are told this name.
  std::string node_name = "caf_pool";
  /// Null if nothing shall be logged.
  std::shared_ptr<logger> log;
  /// Of the manager's directory of pools.
  directory_version version
    = std::make_shared<directory_version::element_type>(0);
};

/// What a gate saw since it was published.
struct gate_stats {
  std::uint64_t sessions = 0;
  std::uint64_t logins = 0;
  std::uint64_t refused_logins = 0;
  std::uint64_t strangers = 0;
  std::uint64_t requests = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t stale_tokens = 0;
  std::uint64_t leases_revoked = 0;
  std::uint64_t gate_restarts = 0;
  std::uint64_t turned_away = 0;
  std::uint64_t silent_peers = 0;
};

/// The gate of a node while it is published; ends with the object.
///
/// Thread-safety: `stats` and what is about tokens from any thread, the rest
/// from one that may block.
class published_gate {
public:
  struct impl;

  explicit published_gate(std::unique_ptr<impl> x);
  published_gate(published_gate&&) noexcept;
  published_gate& operator=(published_gate&&) noexcept;
  ~published_gate();

  /// The port in use.
  std::uint16_t port() const noexcept;

  /// Lets clients in from now on. Those that came before wait until then.
  void let_in();

  /// Reads the token file again and changes nothing.
  result<token_table> read_tokens() const;

  /// Lets in who has one of these from now on. Sessions of those that have none
  /// any more, or another role, end: their clients are told, their leases come
  /// back.
  void use_tokens(token_table tokens);

  /// Both; on error the present tokens stay.
  result<void> reload_tokens();

  gate_stats stats() const;

  /// Closes the port and ends all sessions; their clients are told why. A
  /// second time is a no-op. Must come before the end of the actor system,
  /// which waits for all actors.
  void stop(const std::string& reason);

private:
  std::unique_ptr<impl> impl_;
};

/// Gives an actor system the network and the messages of a gate, in addition
/// to `configure_pools`. Call it in the constructor of the configuration.
void configure_gate(caf::actor_system_config& cfg,
                    const link_options& options = {});

/// Opens a port for remote clients; nobody is let in before `let_in`. The actor
/// system must have been configured by `configure_gate`. Returns `open_failed`
/// if the port is in use.
///
/// CAF's network protocol trusts its peers: whoever reaches the port can make
/// the process allocate without bounds or end its published actors, before any
/// login. Hence it listens on loopback only; `config_invalid` for every other
/// address. What can be fended off is: CAF's own services (spawning actors,
/// looking them up, changing the configuration) are taken out of reach, the
/// gate comes back when it is killed, and no other actor than gate and sessions
/// has an address that a peer could use.
result<published_gate> publish_gate(caf::actor_system& sys,
                                    manager_handle manager,
                                    gate_options options);

} // namespace caf_pool

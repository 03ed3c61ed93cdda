#pragma once

#include "caf_pool/backend/registry.hpp"
#include "caf_pool/config/load.hpp"
#include "caf_pool/core/result.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace caf_pool {

/// A running process with pools: manager, pools, remote gate, admin server and
/// log. Starts even when a server is down, and says so.
///
/// ~~~
/// auto running = node::start(config, source, registry);
/// if (!running)
///   return complain(running.error());
/// return (*running)->serve(); // until SIGTERM
/// ~~~
///
/// Thread-safety: one thread; at most one node per process.
class node {
public:
  /// Starts everything that `config` says. The source and the registry are for
  /// reloads. Fails if a port is taken or a folder is not writable. Blocks
  /// SIGTERM, SIGINT and SIGHUP, which the node takes from here on, and ignores
  /// SIGPIPE: there should be no other thread yet.
  static result<std::unique_ptr<node>> start(loaded_config config,
                                             config_source source,
                                             backend_registry registry);

  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Serves until SIGTERM or SIGINT, then drains. SIGHUP reloads: all or
  /// nothing. Returns the exit code of the process. A second SIGTERM, from
  /// `start` to the end of the object, cancels the running statements and ends
  /// the process with EXIT_FAILURE. So does an object that does not end within
  /// ten seconds, because a backend does not come back.
  int serve();

  /// Tells whether it was told to stop before it was ready: `serve` drains at
  /// once.
  bool ends() const noexcept;

  /// One line for people and programs: "ready name=... remote=127.0.0.1:4700".
  std::string readiness_line() const;

  /// Ports in use; 0 if turned off.
  std::uint16_t remote_port() const noexcept;
  std::uint16_t admin_port() const noexcept;

  /// Puts the files' present content in force. On error everything stays.
  result<void> reload();

  /// Drains all pools; returns false if some had to be ended at the limit.
  bool drain(duration limit);

private:
  struct impl;
  explicit node(std::unique_ptr<impl> x);

  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/admin/source.hpp"
#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace caf_pool {

/// What one client may cost. Nothing here takes a request with a body: it is
/// refused as soon as its header is read.
struct admin_limits {
  /// For the whole header of a request; a new connection must send one within
  /// this time.
  duration header_time = std::chrono::seconds{5};
  /// Between two requests of a connection.
  duration idle_time = std::chrono::seconds{30};
  /// For the client to take the answer.
  duration write_time = std::chrono::seconds{10};
  /// Bytes.
  std::uint32_t max_request_line = 4096;
  std::uint32_t max_header = 8192;
  /// Beyond it, a newcomer takes the place of the client that has kept the
  /// server waiting longest.
  std::size_t max_connections = 256;
  /// How long an answer waits for the manager, until it shows the last known
  /// numbers, marked as stale.
  duration look_time = std::chrono::milliseconds{25};
  /// The pools are looked at this often without being asked.
  duration look_interval = std::chrono::seconds{5};
};

/// The HTTP server for health, metrics and statistics: one thread, loopback
/// only, nothing can be changed through it.
///
/// ~~~
/// auto server = admin_server::start(config.admin, std::move(source));
/// if (!server)
///   return server.error();
/// say("admin at port " + std::to_string((*server)->port()));
/// ~~~
///
/// Thread-safety: all members from any thread.
class admin_server {
public:
  /// Listens and starts the thread. Returns `config_invalid` for an address
  /// that other machines can reach, or one that cannot be listened at. Does not
  /// look at `config.enabled`.
  static result<std::unique_ptr<admin_server>> start(const admin_config& config,
                                                     admin_source source,
                                                     const admin_limits& limits
                                                     = {});

  admin_server(const admin_server&) = delete;
  admin_server& operator=(const admin_server&) = delete;

  /// Calls `stop`.
  ~admin_server();

  std::uint16_t port() const noexcept;

  /// Closes all connections, and waits until the source is not called any more.
  /// Not from inside a function of the source.
  void stop();

private:
  struct impl;

  explicit admin_server(std::unique_ptr<impl> state);

  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/result.hpp"
#include "caf_pool/gate/gate_counters.hpp"
#include "caf_pool/log/logger.hpp"
#include "caf_pool/protocol/messages.hpp"

#include <caf/node_id.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

namespace caf_pool {

struct door_options {
  /// A loopback address in numbers.
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::uint32_t max_connections = 1000;
  duration login_timeout = std::chrono::seconds{5};
  /// Returns the processes whose clients are logged in. Called on the thread of
  /// CAF's network.
  std::function<std::unordered_set<caf::node_id>()> who_is_in;
  std::shared_ptr<gate_counters> counters;
  /// Null if nothing shall be logged.
  std::shared_ptr<logger> log;
};

/// The listening socket in front of CAF. CAF accepts everybody for ever, and
/// keeps a core busy when no file descriptor is left. So the door accepts, and
/// hands on to CAF whom there is room for:
///
/// - Beyond `max_connections`, or when descriptors run short, it hangs up at
///   once. The last descriptors are for the pools and the admin server.
/// - When the system gives no descriptor at all, it waits a moment.
/// - Who has no client logged in for `login_timeout` is cut off.
///
/// Thread-safety: all members from any thread, but for the destructor.
class gate_door {
public:
  /// Listens. Nobody is let in before `lead_to`. Returns `open_failed` if the
  /// address is taken.
  static result<std::unique_ptr<gate_door>> open(caf::actor_system& sys,
                                                 door_options options);

  gate_door(const gate_door&) = delete;
  gate_door& operator=(const gate_door&) = delete;

  /// Calls `close`.
  ~gate_door();

  std::uint16_t port() const noexcept;

  /// New peers find this gate from now on; may be called again with another.
  void lead_to(const wire::gate_handle& gate);

  /// Closes the port. Who is in stays in. A second time is a no-op.
  void close();

private:
  struct impl;
  explicit gate_door(std::unique_ptr<impl> x);

  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool

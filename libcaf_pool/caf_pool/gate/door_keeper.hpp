#pragma once

#include "caf_pool/core/time.hpp"

#include <caf/io/doorman.hpp>
#include <caf/node_id.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace caf_pool {

/// What CAF takes for a listening socket: it gets its connections from a
/// `gate_door`, which has accepted them. Belongs to CAF's network thread.
class door_keeper : public caf::io::doorman {
public:
  /// By socket: since when no client of the peer has been logged in.
  using strangers = std::unordered_map<int, time_point>;

  /// Nobody else's handle has the number of the listening socket. Successors
  /// share `known`.
  door_keeper(int listener, std::string address, std::uint16_t port,
              std::shared_ptr<strangers> known);

  // -- connections ------------------------------------------------------------

  /// Hands an accepted socket to CAF. Returns false, and closes it, if there
  /// are `max` connections, or CAF has let go of this object.
  bool let_in(int socket, std::size_t max);

  /// Cuts off who has been none of `clients` for `patience`. Returns how many.
  std::size_t cut_off_silent(const std::unordered_set<caf::node_id>& clients,
                             duration login_limit);

  /// Connections that were open when somebody looked last. Any thread.
  std::size_t size() const noexcept {
    return size_.load(std::memory_order_relaxed);
  }

  // -- what CAF calls ---------------------------------------------------------

  using caf::io::doorman::new_connection;
  bool new_connection() override;
  void launch() override;
  void graceful_shutdown() override;
  void add_to_loop() override;
  void remove_from_loop() override;
  std::string addr() const override;
  std::uint16_t port() const override;

private:
  std::shared_ptr<strangers> strangers_;
  std::atomic<std::size_t> size_{0};
  std::string address_;
  std::uint16_t port_;
};

using door_keeper_ptr = caf::intrusive_ptr<door_keeper>;

} // namespace caf_pool

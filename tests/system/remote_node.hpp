#pragma once

#include "caf_pool/actor/manager.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/gate/remote_gate.hpp"
#include "caf_pool/remote/client.hpp"

#include <memory>
#include <optional>
#include <string>

namespace caf_pool::test {

class chaos_proxy;

/// Tokens that a `remote_node` lets in, by the role that they have.
inline constexpr auto reader_token = "reader-0123456789abcdef";
inline constexpr auto user_token = "user-0123456789abcdef";
inline constexpr auto operator_token = "operator-0123456789abcdef";

/// A node for tests of remote access: actor system, manager, gate.
class remote_node {
public:
  explicit remote_node(remote_config remote = patient(),
                       link_options link = patient_link());

  ~remote_node();

  /// Any free port, and a time to live that no test waits for: who is there is
  /// not counted as gone, however long the machine stands still.
  static remote_config patient();
  static link_options patient_link();

  /// For tests of silence: as `patient`, with a short time to live. Who stands
  /// still for as long is gone, test and node included.
  static remote_config quick();

  /// For tests of the network's silence: such a time also ends connections.
  static link_options quick_link();

  /// A pool on a database in a file of the node's own.
  void add_sqlite(const std::string& name, std::uint32_t max_size = 4);

  void add_pool(const pool_config& config, backend_ptr backend);

  std::string address() const;
  std::uint16_t port() const;

  /// What a client with this role says.
  remote_options options(const char* token = user_token) const;

  /// As `options`, by a proxy in front of the gate; soon tries again.
  remote_options through(const chaos_proxy& proxy) const;

  /// Throws if it cannot connect.
  remote_client client(const char* token = user_token) const;

  published_gate& gate();
  gate_stats stats() const;
  pool_snapshot snapshot(const std::string& pool);

  /// Executes in the node's own process.
  sql_result execute(const std::string& pool, const std::string& sql);

  /// Finds a pool; throws if there is none.
  pool_handle pool(const std::string& name);
  const manager_handle& manager() const;
  caf::actor_system& system();

  /// Where the token file and databases lie.
  const std::string& folder() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool::test

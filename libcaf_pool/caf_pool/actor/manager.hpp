#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/backend/registry.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>

namespace caf_pool {

/// Finds, makes, reloads and drains the pools of a process.
class manager : public manager_handle::base {
public:
  manager(caf::actor_config& cfg,
          std::shared_ptr<const backend_registry> registry);

  behavior_type make_behavior() override;

private:
  struct managed_pool {
    pool_handle address;
    pool_config config;
    /// What it said last.
    pool_snapshot known = {};
  };

  /// A change that was checked and can no longer fail.
  struct planned_change {
    pool_config config;
    backend_ptr way;
  };

  caf::result<pool_handle> on_find(const find_pool& x);
  caf::result<pool_handle> on_create(const create_pool& x);
  caf::typed_response_promise<all_snapshots> on_snapshots();
  void remember(const pool_handle& who, const pool_snapshot& x);
  caf::result<accepted> on_apply(const apply_pools& x);
  caf::typed_response_promise<accepted> on_drain(const drain_all& x);
  void on_subscribe(const subscribe_all& x);

  /// Collects the answers to a drain of all pools.
  struct farewell;

  std::set<caf::actor> subscribers() const;
  result<pool_handle> add(const pool_config& config, backend_ptr way);
  result<std::map<std::string, planned_change>> plan(
    const std::vector<pool_config>& pools) const;
  void change(managed_pool& pool, planned_change next);
  void remove_missing(const std::map<std::string, planned_change>& next);
  void drain(const pool_handle& pool, const std::shared_ptr<farewell>& all);
  void on_down(const caf::actor_addr& who);
  bool knows(const pool_handle& pool) const;

  std::shared_ptr<const backend_registry> registry_;
  std::map<std::string, managed_pool> pools_;
  /// Taken out of the configuration; they drain.
  std::map<caf::actor_addr, pool_handle> leaving_;
  std::map<caf::actor_addr, caf::actor> subscribers_;
  bool draining_ = false;
};

/// Spawns a manager without pools.
manager_handle spawn_manager(caf::actor_system& sys,
                             std::shared_ptr<const backend_registry> registry);

} // namespace caf_pool

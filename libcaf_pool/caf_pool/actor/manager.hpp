#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/actor/pool_plan.hpp"
#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/backend/registry.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>

namespace caf_pool {

/// Finds, makes, reloads and drains the pools of a process. A pool that ended
/// although the configuration names it (an operator drained it, or its
/// supervisor gave up) is remembered, with the reason, until it is made anew.
class manager : public manager_handle::base {
public:
  manager(caf::actor_config& cfg,
          std::shared_ptr<const backend_registry> registry,
          directory_version version);

  behavior_type make_behavior() override;

  void on_exit() override;

private:
  struct managed_pool {
    /// Invalid when the pool is over.
    pool_handle address;
    pool_config config;
    backend_ptr backend;
    /// What it said last.
    pool_snapshot known = {};
    /// Why it is over, and what it is shown as.
    std::string ended = {};
    pool_status status = pool_status::closed;
    /// It drains, and is made anew when that is done.
    bool again = false;
  };

  caf::result<pool_handle> on_find(const find_pool& x);
  caf::result<pool_handle> on_revive(const revive_pool& x);
  caf::result<pool_handle> on_create(const create_pool& x);
  caf::typed_response_promise<all_snapshots> on_snapshots();
  caf::result<pool_snapshot> on_snapshot(const get_pool_snapshot& x);
  void remember(const pool_handle& who, const pool_snapshot& x);
  caf::result<accepted> on_apply(const apply_pools& x);
  caf::typed_response_promise<accepted> on_drain(const drain_all& x);
  void on_subscribe(const subscribe_all& x);

  /// Collects the answers to a drain of all pools.
  struct farewell;

  std::set<caf::actor> subscribers() const;
  error no_such_pool(const std::string& name) const;
  result<pool_handle> add(const pool_config& config, backend_ptr backend);
  /// As `add`; a pool that cannot be made is remembered with the reason.
  void add_or_remember(const pool_config& config, backend_ptr backend);
  /// Makes a pool that is over again, with the settings that it had.
  void make_anew(const managed_pool& pool);
  void change(managed_pool& pool, planned_pool next);
  /// Puts settings in force; a pool that drains is made anew with them.
  void tell(const std::string& name, const reconfigure& order);
  /// Brings a pool back that ends although nothing about it changed.
  void look_for_drain(const std::string& name);
  /// Makes the pool anew that was asked last: now if it is over, else as soon
  /// as it is. Does nothing if another one is there, or none is wanted.
  void bring_back(const std::string& name, const pool_handle& asked);
  bool is_at(const std::string& name, const pool_handle& pool) const;
  /// Drains a pool whose name is free from now on.
  void take_out(const managed_pool& pool);
  void remove_missing(const pool_plan& next);
  void drain(const pool_handle& pool, const std::shared_ptr<farewell>& all);
  void on_down(const caf::actor_addr& who, const caf::error& why);
  bool knows(const pool_handle& pool) const;

  std::shared_ptr<const backend_registry> registry_;
  directory_version version_;
  std::map<std::string, managed_pool> pools_;
  /// Taken out of the configuration; they drain.
  std::map<caf::actor_addr, pool_handle> leaving_;
  std::map<caf::actor_addr, caf::actor> subscribers_;
  bool draining_ = false;
};

/// Spawns a manager without pools.
manager_handle spawn_manager(
  caf::actor_system& sys, std::shared_ptr<const backend_registry> registry,
  directory_version version
  = std::make_shared<directory_version::element_type>(0));

} // namespace caf_pool

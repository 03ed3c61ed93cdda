#pragma once

#include "caf_pool/actor/configure.hpp"
#include "caf_pool/actor/pool_estate.hpp"
#include "caf_pool/actor/pool_messages.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <set>

namespace caf_pool {

/// How often a pool's actor may die before its supervisor gives up: restart
/// intensity as in Erlang/OTP.
struct restart_limit {
  std::uint32_t restarts = 10;
  duration window = std::chrono::seconds{10};
};

/// A pool as its owner has it.
struct pool_ref {
  /// The supervisor: the address that stays.
  pool_handle address;
  /// Acquires without messages, from any thread.
  std::shared_ptr<pool_estate> estate;
};

/// Spawns a supervised pool. Fails with `config_invalid` if the settings have
/// problems; a server that is down is none. `subscribers` hear of its events
/// from the first opening on; who subscribes by message may miss some.
///
/// ~~~
/// auto db = spawn_pool(sys, config, backend).value();
/// ask(self, db.address, caf::infinite, execute{{"SELECT 1"}})
///   .then([](outcome& x) { ... });
/// ~~~
result<pool_ref> spawn_pool(caf::actor_system& sys, const pool_config& config,
                            backend_ptr backend, restart_limit limit = {},
                            std::set<caf::actor> subscribers = {});

/// Keeps a pool's actor alive: restarts it when it dies, hands the estate on,
/// and gives up when that happens too often. Passes all messages on, without
/// waking up for them while the pool has its actor.
class pool_supervisor : public early_receiver<supervisor_shell::base> {
public:
  pool_supervisor(caf::actor_config& cfg, std::shared_ptr<pool_estate> estate,
                  restart_limit limit);

  behavior_type make_behavior() override;

  /// A pool that nobody can reach any more drains.
  void on_exit() override;

protected:
  bool receive_early(caf::mailbox_element_ptr& x, message_host* where) override;

private:
  void start_child();
  void on_down(const caf::error& why);
  /// What a supervisor ends with that gives up.
  error gave_up(const caf::error& why) const;
  bool too_often();

  std::shared_ptr<pool_estate> estate_;
  restart_limit limit_;
  pool_shell child_;
  /// Messages are refused, as those to any actor that ended.
  std::atomic<bool> ended_{false};
  std::deque<time_point> restarts_;
};

} // namespace caf_pool

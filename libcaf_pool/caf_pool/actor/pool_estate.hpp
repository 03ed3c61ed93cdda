#pragma once

#include "caf_pool/actor/pool_job.hpp"
#include "caf_pool/actor/pool_shell.hpp"
#include "caf_pool/actor/vault_entry.hpp"
#include "caf_pool/backend/backend.hpp"
#include "caf_pool/lease/pool_meters.hpp"
#include "caf_pool/lease/pool_port.hpp"
#include "caf_pool/lease/pooled_connection.hpp"
#include "caf_pool/machine/pool_machine.hpp"
#include "caf_pool/work/work_desk.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace caf_pool {

/// Everything of a pool that outlives its actor: connections, front, live
/// leases, workers, meters, and the two machines: the pool's, with breaker,
/// backoff and counters, and the desk of its workers.
/// Belongs to the supervisor; the present actor works on it.
///
/// Thread-safety: the members of `pool_port` and `shell` from any thread, the
/// rest by the present pool actor alone, or by the supervisor between two.
class pool_estate : public pool_port,
                    public std::enable_shared_from_this<pool_estate> {
public:
  pool_estate(const pool_config& config, backend_ptr backend);
  ~pool_estate() override;

  // -- callers, any thread ----------------------------------------------------

  void queue(acquire_input wish, granter answer,
             const holder& who = {}) override;
  void withdraw(ticket caller) override;
  ticket next_ticket() noexcept override;
  slot_table& front() noexcept override;

  /// The present pool actor; invalid between two of them.
  pool_shell shell() const;

  /// Puts the next pool actor in place, or none for the time being.
  void install(pool_shell next);

  /// The pool is over: callers get `errc::closed` from now on, and whoever
  /// still holds a connection keeps the estate alive.
  void finish();

  // -- the pool's actor -------------------------------------------------------

  /// Makes the machine of the next life of the pool; the last one becomes the
  /// predecessor.
  pool_machine& next_machine();

  /// Puts a fresh connection into the vault.
  vault_entry& store(connection_id id, connection_ptr object);

  /// Returns nullptr if there is no such connection.
  vault_entry* find(connection_id id) noexcept;

  /// Notes who works on a connection by the id of its lease, if it is there.
  void hold_by_id(connection_id id, id_holder who);
  bool held_by_id(connection_id id) noexcept;

  /// Lets go of what was taken from the front for a holder by id, if anything.
  void give_back(vault_entry& entry, condition how) noexcept;

  /// Returns the slot of a connection; binds one if there is none.
  std::optional<slot_index> slot_of(connection_id id);

  /// Uses of a connection in the front, without those that were granted.
  static std::uint64_t front_uses(const vault_entry& entry,
                                  std::uint64_t generation) noexcept;

  /// Returns how a holding through a slot ended, which is over now.
  lease_end end_of(const slot_return& back, vault_entry& entry);

  /// Adds to a snapshot what the machine does not measure.
  void measure(pool_snapshot& out) const;

  /// Takes what servers warned of since the last call, as texts.
  std::vector<std::pair<connection_id, std::string>> take_warnings();

  /// A grant through a slot is over, if there was one.
  void end_grant(vault_entry& entry) noexcept;

  /// Tells the front how many leases the machine knows: for the peak.
  void note_leases() noexcept;

  /// Returns what the front shows of the connections in the vault.
  std::vector<front_view> look_at_front(bool with_names);

  /// Notes who works by id on what was taken from the front; returns the lease,
  /// of which the machine does not know yet.
  lease_id hold_from_front(const loan& held, id_holder who, pool_epoch epoch);

  /// Takes a holding by id out of the front, for the machine to look after;
  /// nothing if it is not there.
  std::optional<lease_claim> claim(connection_id id);

  /// Lends a connection through its slot; nothing if the front has none left.
  std::optional<loan> lend(connection_id id, const holder& who);

  /// A loan came to nobody.
  void take_back_unused(connection_id id, const loan& held);

  /// Lets all workers end when they have nothing to do.
  void dismiss_workers();

  backend_ptr backend;
  const std::shared_ptr<pool_meters> meters = std::make_shared<pool_meters>();
  const std::shared_ptr<slot_table> slots = slot_table::make();
  std::unique_ptr<pool_machine> machine;
  /// The machine of an actor that died, until its successor has read it.
  std::unique_ptr<pool_machine> predecessor;
  std::uint64_t epochs = 0;
  pool_config config;
  std::map<connection_id, vault_entry> vault;
  /// Connections that the machine granted through their slots.
  std::uint32_t granted_in_slots = 0;
  /// Connections that are to be closed when whoever has them in his hands lets
  /// go, by their slots.
  std::map<slot_index, connection_id> lingering;
  work_desk desk;
  /// What the jobs of the desk take.
  std::unordered_map<job_id, job_ptr> jobs;
  std::map<worker_id, worker_handle> workers;
  std::set<caf::actor> subscribers;

private:
  std::atomic<std::uint64_t> tickets_{0};
  std::atomic<bool> over_{false};
  std::uint32_t leased_elsewhere_ = 0;
  mutable std::mutex mutex_;
  pool_shell shell_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/actor/pool_caller.hpp"
#include "caf_pool/actor/pool_estate.hpp"
#include "caf_pool/actor/pool_shell.hpp"

#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace caf_pool {

/// The thin shell around a pool machine: turns messages into inputs and effects
/// into messages, and decides nothing. Never blocks and does no I/O.
class pool_actor : public pool_shell::base {
public:
  pool_actor(caf::actor_config& cfg, std::shared_ptr<pool_estate> estate);

  behavior_type make_behavior() override;

  /// Answers everybody who still waits.
  void on_exit() override;

private:
  template <class T>
  using promise = caf::typed_response_promise<T>;
  using caller = pool_caller;
  using caller_table = std::unordered_map<ticket, caller>;

  /// Tells somebody what became of a statement when the actor ends.
  void abandon(ticket id, late_reply<outcome>& reply, const error& why);

  // -- messages ---------------------------------------------------------------

  caf::result<lease_grant> on_acquire(const acquire& x);
  void on_revoke(const revoke_lease& x);
  promise<lease_ptr> on_acquire_lease(const acquire_lease& x);
  caf::delegated<outcome> on_execute(const execute& x);
  void execute_on(const execute& x, waiting_execute due,
                  const caf::actor_addr& from);
  void on_release(const release& x);
  void on_cancel(const cancel_request& x);
  void on_queue(const queue_caller& x);
  void on_withdraw(ticket x);
  void on_released(slot_index slot);
  void on_finished(const job_ptr& job);
  void on_subscribe(const subscribe& x);
  promise<accepted> on_control(const control& x);
  caf::result<accepted> on_reconfigure(const reconfigure& x);
  pool_snapshot on_snapshot();
  void on_down(const caf::actor_addr& who);
  void on_wake_up(const wake_up& x);
  void on_drain_limit(const drain_limit& x);

  // -- effects, one overload each ---------------------------------------------

  void perform(const effect::grant& x);
  void perform(effect::reject& x);
  void perform(const effect::open_connection& x);
  void perform(const effect::call_off_opening& x);
  void perform(const effect::probe_connection& x);
  void perform(const effect::reset_connection& x);
  void perform(const effect::close_connection& x);
  void perform(const effect::cancel_connection& x);
  void perform(const effect::revoke_lease& x);
  void perform(const effect::offer_connection& x);
  void perform(const effect::withdraw_connection& x);
  void perform(const effect::withdraw_any& x);
  void perform(const effect::shut_front& x);
  void perform(const effect::look& x);
  void perform(effect::emit& x);

  /// Performs orders, and those that their answers cause, in sequence.
  void act(effects orders);
  void check_invariants();
  void note_leases();
  void arm_timer();
  void tell_warnings(time_point now);

  // -- leases -----------------------------------------------------------------

  /// Grants what is ready for its caller.
  void hand_over(caller_table::iterator place, const effect::grant& x);
  void give(const std::shared_ptr<granter>& to, const effect::grant& x,
            const caller& who);
  void give(const promise<lease_grant>& to, const effect::grant& x,
            const caller& who);
  void give(const promise<lease_ptr>& to, const effect::grant& x);
  void give(waiting_execute& to, const effect::grant& x);
  /// Serves a caller as it would serve itself in this process.
  std::optional<lease_grant> take_from_front(const acquire& x,
                                             const caf::actor_addr& from);
  /// Hands a lease from the front over to the machine.
  void claim(connection_id id);
  /// Tells whether a connection, if any, is held by that id.
  bool held_under(const lease_id& lease, const vault_entry* entry) const;
  std::optional<loan> lend(const effect::grant& x, const holder& who);
  void take_back_unused(const effect::grant& x, const loan& held);
  void expect_answer(ticket id, caller who);
  void begin_waiting(caller who, const call_options& how);
  time_point end_of_wait(const call_options& how, time_point now) const;
  bool attend(const caf::actor_addr& who);
  void end_lease(const lease_id& lease, const lease_end& how, time_point now);
  /// A slot was emptied: its uses since the last look count, too.
  void tell_withdrawn(const slot_view& x);

  // -- workers ----------------------------------------------------------------

  job_ptr make_job(job_kind kind, connection_id id, time_point deadline);
  void start(job_ptr job);
  void feed_workers();
  bool may_run(const pool_job& job) const;
  bool may_hire() const;
  /// Ends a statement that would hardly be done in time, if others wait.
  bool turn_away(const job_ptr& job);
  job_ptr running_on(connection_id id, job_kind kind) const;
  bool busy(connection_id id) const;
  job_ptr job_of(ticket id) const;
  void conclude(const job_ptr& job);
  /// What served a caller has ended: an `execute`, or a `restrict`.
  void conclude_service(const job_ptr& job, const error& why);
  void answer_holder(const job_ptr& job, const error& why);
  void drop(const job_ptr& job, error why);
  /// Ends a statement: at the server if it runs.
  void stop(const job_ptr& job);

  // -- limits -----------------------------------------------------------------

  time_point next_limit() const;
  void enforce_limits(time_point now);
  void enforce_limit(const job_ptr& job);
  void end_lingering(time_point now);
  void dismiss_idle(time_point now);
  void finish_if_over();
  void take_over();

  std::shared_ptr<pool_estate> estate_;
  pool_machine& machine_;
  std::deque<any_effect> todo_;
  bool acting_ = false;
  caller_table callers_;
  std::map<std::pair<caf::actor_addr, std::uint64_t>, ticket> requests_;
  std::unordered_set<caf::actor_addr> watched_;
  std::vector<promise<accepted>> draining_;
  time_point armed_for_ = never, next_warnings_{};
  std::uint64_t timer_ = 0;
  std::uint32_t checks_ = 0;
  /// How long statements by message run.
  use_times statements_;
};

} // namespace caf_pool

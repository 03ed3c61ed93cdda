#pragma once

#include "caf_pool/actor/pool_callers.hpp"
#include "caf_pool/actor/pool_estate.hpp"
#include "caf_pool/actor/pool_shell.hpp"

#include <deque>
#include <unordered_set>
#include <vector>

namespace caf_pool {

/// The thin shell around a pool machine and the desk of its workers: turns
/// messages into their inputs and their effects into messages, and decides
/// nothing. Never blocks and does no I/O.
///
/// ~~~
///   messages --> pool_machine --effects--> front, callers, subscribers
///                  ^      |
///      how jobs    |      |  jobs
///      ended       |      v
///                 work_desk --effects--> workers
/// ~~~
class pool_actor : public pool_shell::base {
public:
  pool_actor(caf::actor_config& cfg, std::shared_ptr<pool_estate> estate);

  behavior_type make_behavior() override;

  /// Answers everybody who still waits.
  void on_exit() override;

private:
  template <class T>
  using promise = caf::typed_response_promise<T>;

  // -- messages to inputs: pool_actor.cpp -------------------------------------

  caf::result<lease_grant> on_acquire(const acquire& x);
  promise<lease_ptr> on_acquire_lease(const acquire_lease& x);
  caf::delegated<outcome> on_execute(const execute& x);
  void on_release(const release& x);
  void on_revoke(const revoke_lease& x);
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

  void take_over();
  void execute_on(const execute& x, waiting_execute_ptr due,
                  const caf::actor_addr& from);
  void begin_waiting(pool_caller who, const call_options& how);
  bool attend(const caf::actor_addr& who);
  /// Withdraws a caller whom nobody answers any more.
  void withdraw(ticket id);
  /// Serves a caller as it would serve itself in this process.
  std::optional<lease_grant> take_from_front(const acquire& x,
                                             const caf::actor_addr& from);
  /// Hands a lease from the front over to the machine.
  void claim(connection_id id);
  /// Tells whether a connection, if any, is held by that id.
  bool held_under(const lease_id& lease, const vault_entry* entry) const;
  /// A slot was emptied: its uses since the last look count, too.
  void tell_withdrawn(const slot_view& x);
  void observe_front(bool with_names);
  void tell_warnings(time_point now);
  void tell(event_kind kind, connection_id connection, std::string text);

  // -- effects to messages: pool_actor_effects.cpp ----------------------------

  /// Performs orders, and those that their answers cause, in sequence.
  void act(effects orders);
  void act(desk_effects orders);
  void act_on_the_rest();
  /// After all orders of an input.
  void settle();
  void check_invariants();
  void arm_timer();

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

  void perform(const desk_effect::hire& x);
  void perform(const desk_effect::dismiss& x);
  void perform(const desk_effect::run& x);
  void perform(const desk_effect::stop& x);
  void perform(const desk_effect::call_off& x);
  void perform(const desk_effect::abort& x);
  void perform(const desk_effect::end& x);
  void perform(const desk_effect::session_over& x);
  void perform(const desk_effect::shut_down& x);
  void perform(const desk_effect::answer_drain& x);

  /// Grants what is ready for its caller.
  void hand_over(const effect::grant& x);
  void give(std::shared_ptr<granter>& to, const effect::grant& x,
            const pool_caller& who);
  void give(promise<lease_grant>& to, const effect::grant& x,
            const pool_caller& who);
  void give(promise<lease_ptr>& to, const effect::grant& x,
            const pool_caller& who);
  void give(waiting_execute& to, const effect::grant& x);

  /// The desk, which knows whether callers wait.
  work_desk& desk();
  job_ptr make_job(job_kind kind, connection_id id, time_point deadline) const;
  /// Brings a job to the desk, unless its connection is gone.
  void order(const job_ptr& job);
  void order(job_kind kind, connection_id id, time_point deadline);
  /// Tells the machine how a job for it ended.
  void report(const job_ptr& job);
  void report_opening(const job_ptr& job);
  /// A job that served a caller has ended.
  void end_service(const job_ptr& job, const error& why, bool sent);
  void try_again(const job_ptr& job);
  void answer_caller(const job_ptr& job, const error& why);
  void end_lease(const lease_id& lease, const lease_end& how);
  /// Measures a lease that ends, and forgets who worked on it by id.
  void note_end(const lease_id& lease, time_point now);

  std::shared_ptr<pool_estate> estate_;
  pool_machine& machine_;
  std::deque<any_effect> todo_;
  std::deque<any_desk_effect> desk_todo_;
  bool acting_ = false;
  pool_callers callers_;
  std::unordered_set<caf::actor_addr> watched_;
  std::vector<promise<accepted>> draining_;
  time_point armed_for_ = never, next_warnings_{};
  std::uint64_t timer_ = 0;
  std::uint32_t checks_ = 0;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/machine/pool_machine.hpp"
#include "caf_pool/work/work_desk.hpp"

#include "simulation/agenda.hpp"
#include "simulation/dice.hpp"
#include "simulation/front_model.hpp"
#include "simulation/history.hpp"
#include "simulation/oracle.hpp"
#include "simulation/plan.hpp"

#include <deque>
#include <memory>

namespace caf_pool::simulation {

/// Plays one plan in virtual time; stands for the pool's actor, too,
/// and for the threads of its workers.
class world {
public:
  explicit world(const plan& what);

  /// Plays to the end; throws `broken_promise`.
  void play();

  history& log() noexcept;

  /// How often the machine was asked.
  std::uint64_t inputs() const noexcept;

private:
  // -- the pool's actor -------------------------------------------------------

  /// Gives the machine an input and performs what it orders.
  template <class What, class F>
  void feed(What what, F input) {
    ++inputs_;
    log_.note(now_, what);
    note_freeze();
    fed_ = true;
    auto orders = input(*uut_);
    oracle_.check_state(now_);
    act(std::move(orders));
  }

  /// The same with the desk.
  template <class What, class F>
  void ask_desk(What what, F input) {
    ++inputs_;
    log_.note(now_, what);
    desk_.note_waiters(!uut_->state().queue.empty());
    auto orders = input(desk_);
    oracle_.check_desk_state();
    act(std::move(orders));
  }

  void note_freeze();
  void act(effects orders);
  void act(desk_effects orders);
  template <class Orders>
  void act_on_next(Orders& list);
  void act_on_the_rest();
  void perform(const effect::grant& x);
  void perform(const effect::reject& x);
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
  void perform(const effect::emit& x);
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
  void answer(connection_id id);
  void withdrawn(connection_id id);
  void set_timer();
  void ring(std::uint64_t number);
  void look_at_front();
  void collect(connection_id id);

  // -- callers ----------------------------------------------------------------

  void arrive(std::uint32_t who);
  void request(std::uint32_t who);
  void give_up(std::uint32_t who);
  void cancel(std::uint32_t who);
  void receive(std::uint32_t who);
  void let_go(std::uint32_t who);
  void release_again(std::uint32_t who);
  void death(std::uint32_t who);
  bool take_from_front(std::uint32_t who);
  void give_back_to_front(std::uint32_t who, const lease_end& how);
  void claim(std::uint32_t who);
  void release(std::uint32_t who, const lease_end& how);
  void give_back_unused(std::uint32_t who);
  void execute(std::uint32_t who, bool on_lease);
  void withdraw(std::uint32_t who);
  void die(std::uint32_t who, bool busy);
  lease_end leave(std::uint32_t who);
  void note_let_go(std::uint32_t who);
  void interleave();
  acquire_input wish(std::uint32_t who) const;

  // -- server and workers -----------------------------------------------------

  void order(job_kind kind, connection_id id, time_point deadline);
  void order(const job_order& what);
  void begin(job_id id);
  void accept(job_id id);
  void come_back(job_id id);
  void report(job_id id);
  void repeat(connection_id id, job_id number);
  /// What runs on a connection is broken from outside.
  void abort_work(connection_id id);
  /// A worker whose thread would wait comes back soon.
  void hurry(job_truth& x);
  void look_answer(const job_truth& x);
  duration time_for(const job_truth& x);
  error verdict_of(const job_truth& x) const;
  error failure_of_opening(const job_truth& x) const;
  /// The machine hears how what it ordered ended.
  void tell(const job_truth& x);
  void tell_opened(const job_truth& x);
  void tell_probed(const job_truth& x);
  void tell_reset(const job_truth& x);
  void tell_closed(const job_truth& x);
  void end_service(const job_truth& x, job_end how);
  lease_end end_of(const job_truth& x, job_end how);
  void end_statement(const job_truth& x, const lease_end& how);
  bool expected(connection_id id, connection_state state) const;
  void set_server(server_mode x);
  /// What a lease's end means for its connection, as the pool hears of it.
  void note_end(connection_truth& x, const lease_end& how);

  void happen(const appointment& x);
  void happen(const stimulus& x);
  void control(deed what);
  void configure(const stimulus& x, bool recycle);
  void freeze(duration length);
  void restart();
  void census();
  void calm_down();
  void drain();
  void end();

  void unheld(connection_id id);

  connection_truth& conn(connection_id id);
  caller_truth& caller(std::uint32_t who);

  const plan& plan_;
  dice dice_;
  history log_;
  time_point now_;
  std::uint64_t epoch_ = 1;
  std::unique_ptr<pool_machine> uut_;
  work_desk desk_;
  truth truth_;
  front_model front_;
  agenda agenda_;
  oracle oracle_;
  std::deque<any_effect> todo_;
  std::deque<any_desk_effect> desk_todo_;
  /// Connections that were withdrawn; none stands for an empty front.
  std::deque<connection_id> answers_;
  bool acting_ = false;
  /// The machine was asked.
  bool fed_ = false;
  /// Nothing happens between a look at the front and what follows from it.
  bool looking_ = false;
  server_mode server_ = server_mode::healthy;
  std::uint64_t timer_ = 0;
  time_point armed_for_ = never;
  time_point frozen_until_{};
  /// Numbers of looks, by their jobs.
  std::map<job_id, std::uint64_t> looks_;
  /// What the machine may hear twice, by connections.
  std::map<connection_id, job_truth> told_;
  /// Threads that may still hang for ever.
  std::uint32_t hangs_left_ = 0;
  std::uint64_t inputs_ = 0;
  bool calm_ = false;
  bool over_ = false;
};

} // namespace caf_pool::simulation

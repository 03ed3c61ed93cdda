#pragma once

#include "caf_pool/machine/pool_machine.hpp"

#include "simulation/agenda.hpp"
#include "simulation/dice.hpp"
#include "simulation/front_model.hpp"
#include "simulation/history.hpp"
#include "simulation/oracle.hpp"
#include "simulation/plan.hpp"

#include <deque>
#include <memory>

namespace caf_pool::simulation {

/// Plays one plan in virtual time; stands for the pool's actor, too.
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
    auto orders = input(*uut_);
    oracle_.check_state(now_);
    act(std::move(orders));
  }

  void note_freeze();
  void act(effects orders);
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
  void die(std::uint32_t who, bool busy);
  lease_end leave(std::uint32_t who);
  void interleave();
  acquire_input wish(std::uint32_t who) const;

  // -- server and workers -----------------------------------------------------

  void start(connection_id id, job what, time_point deadline);
  void begin(connection_id id, std::uint64_t number);
  void accept(connection_id id, std::uint64_t number);
  void work_done(connection_id id, std::uint64_t number);
  void report(std::uint64_t number);
  void look_done(std::uint64_t number);
  duration time_for(connection_id id, job what);
  error outcome(const connection_truth& x, job what) const;
  void tell(const job_result& x);
  void tell_opened(const job_result& x);
  void tell_probed(const job_result& x);
  void tell_reset(const job_result& x);
  void tell_settled(const job_result& x);
  void tell_closed(const job_result& x);
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

  connection_truth& conn(connection_id id);
  caller_truth& caller(std::uint32_t who);

  const plan& plan_;
  dice dice_;
  history log_;
  time_point now_;
  std::uint64_t epoch_ = 1;
  std::unique_ptr<pool_machine> uut_;
  truth truth_;
  front_model front_;
  agenda agenda_;
  oracle oracle_;
  std::deque<any_effect> todo_;
  /// Connections that were withdrawn; none stands for an empty front.
  std::deque<connection_id> answers_;
  bool acting_ = false;
  /// Nothing happens between a look at the front and what follows from it.
  bool looking_ = false;
  server_mode server_ = server_mode::healthy;
  std::uint64_t timer_ = 0;
  time_point armed_for_ = never;
  time_point frozen_until_{};
  std::uint64_t jobs_ = 0;
  std::vector<job_result> results_;
  std::uint64_t inputs_ = 0;
  bool calm_ = false;
  bool over_ = false;
};

} // namespace caf_pool::simulation

#pragma once

#include "caf_pool/machine/pool_machine.hpp"
#include "caf_pool/work/work_desk.hpp"

#include "simulation/front_model.hpp"
#include "simulation/plan.hpp"
#include "simulation/truth.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace caf_pool::simulation {

/// Thrown when the pool broke a promise.
struct broken_promise : std::runtime_error {
  using runtime_error::runtime_error;
};

[[noreturn]] void fail(const std::string& what);

/// Watches what goes into the machine and what comes out, and compares it with
/// the truth. Knows the promises, but none of the rules that keep them.
class oracle {
public:
  oracle(const plan& what, truth& world, const front_model& front,
         const std::unique_ptr<pool_machine>& uut, const work_desk& desk);

  // -- inputs, before the machine hears of them -------------------------------

  void acquire(ticket x);
  void cancel(ticket x);
  /// A lease ends; `valid` tells whether it was still one.
  void release(bool valid);
  void lost_holder(bool valid);
  void settings(const pool_config& x, bool recycle, time_point now);
  void desk_settings(const pool_config& x) {
    desk_settings_ = x;
  }
  void reconnect(time_point now);
  void restart(time_point now);
  /// The process goes on after it stood still.
  void thaw(time_point now) {
    thawed_at_ = now;
  }
  /// The server failed a connection: the others are suspect.
  void suspect(time_point now);
  void opened(connection_id id, time_point now);
  void open_failed();
  /// An opening was ordered then, and never begun.
  void not_opened(time_point ordered_at);
  /// The answer to a look for the server, which nobody saw if it had no time.
  void looked(const error& why, bool had_time, time_point now);
  /// A worker begins to open a connection.
  void begun(connection_id id) const;
  /// A caller took a connection from the front.
  void took(connection_id id);

  /// The pool ends, and holders have until then.
  void drain(time_point limit) {
    drain_limit_ = limit;
  }

  // -- outputs, before the world performs them --------------------------------

  void order(const any_effect& x, time_point now);
  void order(const any_desk_effect& x, time_point now);

  // -- after an input ---------------------------------------------------------

  /// After one input; some orders may be left.
  void check_state(time_point now) const;
  void check_desk_state() const;
  /// After all orders.
  void check_world(time_point now);
  void check_desk(time_point now) const;
  /// After the last connection is gone.
  void check_end() const;

  bool waits(ticket x) const;

  const std::vector<ticket>& waiting() const noexcept {
    return waiting_;
  }

  const pool_config& settings() const noexcept {
    return settings_;
  }

private:
  struct judge;
  struct desk_judge;

  /// How long the pool waits for what is late, and for holders who linger.
  static constexpr duration grace = std::chrono::seconds{1};

  /// In a second, while the server is looked for.
  static constexpr std::size_t most_connects = 8;

  void answer(ticket x);
  void check_turn(ticket x) const;
  void check_usable(connection_id id, const char* verb, bool in_front) const;
  void check_fresh(connection_id id, const char* verb, time_point now) const;
  /// Nothing speaks against using it.
  bool fresh(const connection_truth& x, time_point now) const;
  void check_attempt(connection_id id, time_point now);
  /// The server sees a look or an opening.
  void check_connect(time_point now);
  void check_look(time_point now);
  std::size_t connects_in_a_second(time_point now) const;
  /// How long a caller said that it would need its lease.
  duration announced(std::uint32_t who) const;
  bool may_grow(time_point now) const;
  void check_time_left(ticket x, time_point now) const;
  void check_shed(time_point now) const;
  void check_growth(const caller_truth& x, time_point now) const;
  void check_breaker(const std::string& change);
  void check_size(time_point now);
  void check_deadlines(time_point now) const;
  void check_waiting(time_point now) const;
  void check_trial() const;
  void check_leaks(time_point now) const;
  void check_counters() const;
  void check_late(const job_truth& x, time_point now) const;
  void check_queue(time_point now) const;
  void check_workers(time_point now) const;
  void check_lingering(time_point now) const;
  void check_drain(time_point now) const;
  /// When a statement has to be over, its server willing or not.
  time_point end_of_service(const job_truth& x) const;
  std::size_t lost_workers() const;
  /// Its worker has not come back to the pool.
  bool works(const job_truth& x) const;

  const plan& plan_;
  truth& truth_;
  const front_model& front_;
  const std::unique_ptr<pool_machine>& uut_;
  const work_desk& desk_;
  pool_config settings_;
  pool_config desk_settings_;
  std::vector<ticket> waiting_; // in the order of coming
  pool_counters expected_;
  std::uint64_t grants_ = 0;
  std::uint64_t takes_ = 0;
  std::uint64_t last_id_ = 0;
  /// How many connections a larger maximum of before still excuses.
  std::uint32_t excused_ = 0;
  time_point suspect_at_{};
  time_point generation_since_{};
  time_point settings_since_{};
  time_point thawed_at_{};
  time_point restarted_at_{};
  /// When something changed last that growing depends on.
  time_point grew_at_{};
  bool grows_ = false;
  /// Attempts since the last success.
  std::vector<time_point> attempts_;
  bool failing_ = false;
  /// The last look found somebody.
  bool found_ = false;
  std::vector<time_point> looks_;
  /// When the server was to be connected to, by looks and openings, and when
  /// it was.
  std::vector<time_point> connects_;
  std::vector<time_point> seen_connects_;
  time_point careful_since_{};
  /// How often the server failed since the breaker changed last, at most.
  std::uint32_t bad_news_ = 0;
  bool trial_ = false;
  /// When a caller got nothing last, but for those that were shed.
  time_point refused_at_{};
  /// When a drain's holders have to be gone, and when they were fenced off.
  time_point drain_limit_ = never;
  std::optional<time_point> shut_down_at_;
  bool drain_answered_ = false;
};

} // namespace caf_pool::simulation

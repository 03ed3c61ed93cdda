#pragma once

#include "caf_pool/machine/pool_machine.hpp"

#include "simulation/front_model.hpp"
#include "simulation/plan.hpp"
#include "simulation/truth.hpp"

#include <memory>
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
         const std::unique_ptr<pool_machine>& uut);

  // -- inputs, before the machine hears of them -------------------------------

  void acquire(ticket x);
  void cancel(ticket x);
  /// A lease ends; `valid` tells whether it was still one.
  void release(bool valid);
  void lost_holder(bool valid);
  void settings(const pool_config& x, bool recycle, time_point now);
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
  /// The answer to a look for the server.
  void looked(const error& why, time_point now);
  /// A worker begins to open a connection.
  void begun(connection_id id) const;
  /// A caller took a connection from the front.
  void took(connection_id id);

  // -- outputs, before the world performs them --------------------------------

  void order(const any_effect& x, time_point now);

  // -- after an input ---------------------------------------------------------

  /// After one input; some orders may be left.
  void check_state(time_point now) const;
  /// After all orders.
  void check_world(time_point now);
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

  const plan& plan_;
  truth& truth_;
  const front_model& front_;
  const std::unique_ptr<pool_machine>& uut_;
  pool_config settings_;
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
  /// When the server was connected to, by looks and openings.
  std::vector<time_point> connects_;
  time_point careful_since_{};
  /// How often the server failed since the breaker changed last, at most.
  std::uint32_t bad_news_ = 0;
  bool trial_ = false;
  /// When a caller got nothing last, but for those that were shed.
  time_point refused_at_{};
};

} // namespace caf_pool::simulation

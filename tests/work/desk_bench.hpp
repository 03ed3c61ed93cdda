#pragma once

#include "caf_pool/work/work_desk.hpp"

#include "machine/virtual_time.hpp"
#include "support/catch_compat.hpp"
#include "work/desk_text.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace caf_pool {

/// What a desk ordered, one line each.
using lines = std::vector<std::string>;

/// A desk with its clock. Every input returns the orders as text and fails the
/// test if the desk's state makes no sense afterwards. Jobs are numbered in the
/// order of coming, those that the desk makes itself included.
class desk_bench {
public:
  /// One worker for statements, so three in all; nothing is turned away.
  static pool_config plain();

  explicit desk_bench(const pool_config& config = plain());

  // -- orders -----------------------------------------------------------------

  lines open(std::uint64_t connection, duration limit = long_limit);
  lines probe(std::uint64_t connection, duration limit = long_limit);
  lines reset(std::uint64_t connection, duration limit = long_limit);
  lines look(duration limit = long_limit);
  lines execute(std::uint64_t connection, std::uint64_t caller,
                duration limit = long_limit);
  lines execute_on_lease(std::uint64_t connection, std::uint64_t caller,
                         duration limit = long_limit);
  lines restrict(std::uint64_t connection, std::uint64_t caller,
                 duration limit = long_limit);
  lines cancel(std::uint64_t connection, duration limit = long_limit);
  lines close(std::uint64_t connection, duration limit = long_limit);
  /// Somebody has the connection in his hands.
  lines close_held(std::uint64_t connection, duration limit = long_limit);
  /// Orders something by its kind, for the caller of the same number.
  lines order(job_kind kind, std::uint64_t connection,
              duration limit = long_limit);
  /// Orders a statement whose caller allows so much in all.
  lines execute_within(std::uint64_t connection, std::uint64_t caller,
                       duration allowed, duration limit);

  lines withdraw(std::uint64_t caller);
  lines call_off(std::uint64_t connection);
  lines abort_opening(std::uint64_t connection);
  lines let_go(std::uint64_t connection);
  lines configure(const pool_config& config);
  lines drain(duration limit);
  lines succeed();

  // -- facts ------------------------------------------------------------------

  lines finished(std::uint64_t job);
  lines finished(std::uint64_t job, duration took);
  lines failed(std::uint64_t job);
  lines tick();

  // -- shorthands -------------------------------------------------------------

  /// Lets time pass and ticks as often as the desk wants it; returns what was
  /// ordered.
  lines pass(duration x);

  /// Lets time pass without a tick.
  void wait(duration x) {
    now += x;
  }

  /// Keeps so many workers busy, each with an opening.
  void occupy(std::uint64_t n);

  /// Returns how much time a job had left when it was given to a worker.
  duration given(std::uint64_t job) const;

  bool busy(std::uint64_t connection) const;
  bool closes(std::uint64_t connection) const;
  bool serves(std::uint64_t caller) const;
  std::size_t lost() const;

  /// Longer than a test waits without saying so.
  static constexpr duration long_limit = std::chrono::hours{1};

  time_point now = at(duration::zero());
  work_desk uut;
  /// The last statement that was turned away.
  desk_effect::end hurried;

private:
  lines note(desk_effects orders);
  lines order(job_order x);
  job_order order_of(job_kind kind, std::uint64_t connection, duration limit,
                     std::uint64_t caller = 0) const;

  std::map<job_id, duration> given_;
  std::uint64_t spare_ = 100;
};

} // namespace caf_pool

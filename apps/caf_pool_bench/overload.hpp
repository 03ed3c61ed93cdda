#pragma once

#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/core/time.hpp"

#include <vector>

namespace caf_pool::bench {

/// One call of a timetable.
struct timed_call {
  /// When it was due, which is when its time begins to count.
  time_point due;
  duration took = duration::zero();
  bool well = false;
};

/// Calls that end well in a second, if as many as the pool can run at a time
/// are always under way.
double closed_loop(caf::actor_system& sys, const pool_handle& pool,
                   const std::string& statement, std::size_t at_a_time,
                   duration length);

/// Work that is sent again and again; its times count from each call.
struct repeated_call {
  work what;
  acquire_options how;
};

/// Sends statements by message at a rate, whatever becomes of those before,
/// and waits for the last answer.
std::vector<timed_call> open_loop(caf::actor_system& sys,
                                  const pool_handle& pool, repeated_call what,
                                  double rate, duration length);

} // namespace caf_pool::bench

#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <vector>

namespace caf_pool::simulation {

/// What a worker does to a connection.
enum class job : std::uint8_t {
  none,
  open,
  probe,
  reset,
  cancel,
  close,
  abort
};

/// What a worker reports of a job.
struct job_result {
  connection_id id;
  std::uint64_t job_number = 0;
  job what = job::none;
  error why;
  duration took = duration::zero();
  bool doubled = false;
  bool called_off = false;
};

/// Nobody, where a caller's number is expected.
inline constexpr std::uint32_t nobody = UINT32_MAX;

/// What is really the matter with one connection, whatever the machine thinks.
struct connection_truth {
  // -- at the server ----------------------------------------------------------

  /// The server has a session for it.
  bool session = false;
  /// The session answers.
  bool alive = false;

  // -- in the process ---------------------------------------------------------

  /// The work under way and its number.
  job doing = job::none;
  std::uint64_t job_number = 0;
  /// How many jobs there were.
  std::uint64_t turns = 0;
  time_point job_began{};
  /// A worker has begun to open it.
  bool begun = false;
  /// The worker will not begin to open it.
  bool called_off = false;
  /// It began, and is to fail soon.
  bool aborted = false;
  /// The end of the work was seen, if not told.
  bool ended = false;
  time_point job_deadline{};
  /// It opened and nobody ordered it to be closed.
  bool open = false;
  /// Whoever may send statements on it.
  std::uint32_t holder = nobody;
  /// A statement of somebody who is gone runs on it.
  bool running = false;
  /// The last holder left traces.
  bool dirty = false;
  /// The last holder died: nobody knows what it left.
  bool tainted = false;
  /// It was used, and is to be probed before somebody else has it.
  bool unlooked = false;
  /// It may not be used again.
  bool broken = false;
  /// It is among those that callers may take.
  bool offered = false;
  /// Given back, but the pool has not heard of it yet.
  bool on_its_way = false;

  // -- its past ---------------------------------------------------------------

  time_point ordered_at{};
  time_point opened_at{};
  time_point proven_at{};
  /// The proof was a use in the front, of which the machine hears later.
  bool proven_in_front = false;
  /// Its lifetime at most.
  duration lifetime = duration::zero();
  /// The machine gave it up before its worker came back.
  bool forgotten = false;
};

/// What is really the matter with one caller.
struct caller_truth {
  enum class stage : std::uint8_t {
    away,
    /// Its request is on the way.
    asking,
    waiting,
    /// A grant is on the way.
    granted,
    holding,
    /// Died, but the pool has not heard of it yet.
    dead,
    done,
  };

  stage now = stage::away;
  /// It lost interest: whatever it gets goes back.
  bool gone = false;
  /// Its connection was taken from the front.
  bool from_front = false;
  time_point asked_at{};
  time_point deadline{};
  time_point granted_at{};
  /// Since when the machine keeps an eye on its lease.
  time_point known_at{};
  /// Its lease was taken away.
  bool fenced = false;
  /// Its lease was told of as a leak.
  bool suspected = false;
  connection_id connection;
  lease_id lease;
  /// The slot's count of its holding.
  std::uint64_t slot_use = 0;
};

/// What the server and the process look like from outside.
struct truth {
  std::vector<connection_truth> connections; // by id
  std::vector<caller_truth> callers;         // by number

  /// The last look, and the last one that a pool actor of before ordered.
  std::uint64_t last_look = 0;
  std::uint64_t old_looks = 0;

  connection_truth& of(connection_id id) {
    if (id.value >= connections.size())
      connections.resize(id.value + 1);
    return connections[id.value];
  }

  /// Tickets are numbers of callers plus one.
  caller_truth& of(ticket id) {
    return callers[id.value - 1];
  }
};

} // namespace caf_pool::simulation

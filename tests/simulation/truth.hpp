#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/work/job_order.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace caf_pool::simulation {

/// What is really the matter with one job, whatever the desk thinks.
struct job_truth {
  enum class stage : std::uint8_t {
    /// No worker has it.
    queued,
    running,
    /// Its worker is back.
    back,
  };

  job_order what;
  stage now = stage::queued;
  worker_id worker;
  time_point ordered_at{};
  time_point began_at{};
  /// As its worker was told.
  time_point deadline{};
  /// A worker has begun to open.
  bool begun = false;
  /// The worker will not begin to open.
  bool called_off = false;
  /// It was broken from outside, and is to come back soon.
  bool aborted = false;
  /// A cancel reached the server.
  bool cancelled = false;
  /// Its thread hangs for ever.
  bool hangs = false;
  /// Its caller wants nothing any more, since then.
  std::optional<time_point> withdrawn_at;
  /// The desk does not count on it any more.
  bool given_up = false;
  /// What its worker says.
  error why;
  duration took = duration::zero();
};

/// A thread of the pool.
struct worker_truth {
  /// None while it is idle.
  job_id job;
  time_point idle_since{};
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

  /// What the machine ordered last, while it is under way, and its number.
  std::optional<job_kind> doing;
  job_id job;
  /// How many jobs there were.
  std::uint64_t turns = 0;
  time_point job_deadline{};
  /// It opened and nobody ordered it to be closed.
  bool open = false;
  /// Whoever may send statements on it.
  std::uint32_t holder = nobody;
  /// A statement of somebody who is gone runs on it.
  bool running = false;
  /// It is to be closed, but its holder may be in the middle of a call, since
  /// then.
  std::optional<time_point> lingers_since;
  /// The pool was told that its session is over, lingering holder or not.
  bool cut_off = false;
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
    /// Has a connection whose server is told to refuse writes.
    restricting,
    /// A grant is on the way.
    granted,
    holding,
    /// Has its statement done by the pool.
    executing,
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
  std::map<job_id, job_truth> jobs;
  std::map<worker_id, worker_truth> workers;

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

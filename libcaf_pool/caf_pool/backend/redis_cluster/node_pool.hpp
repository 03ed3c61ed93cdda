#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/redis_cluster/node_address.hpp"
#include "caf_pool/backend/redis_cluster/node_state.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/random.hpp"
#include "caf_pool/machine/policy/backoff.hpp"
#include "caf_pool/machine/policy/circuit_breaker.hpp"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace caf_pool::cluster {

/// How the connections to one node are kept.
struct node_limits {
  duration open_timeout = std::chrono::seconds{2};
  duration reset_timeout = std::chrono::seconds{1};
  duration validation_bypass = std::chrono::milliseconds{500};
  /// Zero turns these two off.
  duration max_idle_time = std::chrono::seconds{300};
  duration max_lifetime = std::chrono::hours{1};
  std::uint32_t open_concurrency = 2;
  backoff_config retry;
  breaker_config breaker;

  /// Takes a pool's settings. A node that was away must serve soon after it is
  /// back, and a refused look costs little: delays are a second at most.
  static node_limits from(const pool_config& config);
};

class node_pool;

/// The right to use a connection to a node. Gives it back when destroyed.
///
/// Thread-safety: one thread at a time.
class node_lease {
public:
  /// A connection and when it was opened and last used.
  struct held {
    connection_ptr object;
    time_point opened;
    time_point used;
  };

  node_lease(std::shared_ptr<node_pool> home, held what,
             circuit_breaker::permit leave);
  node_lease(node_lease&&) noexcept = default;
  node_lease& operator=(node_lease&&) = delete;
  ~node_lease();

  connection& operator*() const noexcept {
    return *what_.object;
  }

  connection* operator->() const noexcept {
    return what_.object.get();
  }

private:
  std::shared_ptr<node_pool> home_;
  held what_;
  circuit_breaker::permit leave_;
  time_point began_;
};

/// The connections to one node of a cluster. Nobody waits here for one that is
/// in use: there are as many as there are calls under way, and whoever bounds
/// those bounds them. Opens on the caller's thread.
///
/// Thread-safety: all members from any thread.
class node_pool : public std::enable_shared_from_this<node_pool> {
public:
  node_pool(node_address where, backend_ptr server, const node_limits& limits,
            random_source random);

  /// Returns a connection that lives. Fails at once with `breaker_open`, or
  /// with the last error while the next attempt to open is not due, and with
  /// what an opening says.
  result<node_lease> acquire(time_point deadline);

  /// Closes what was idle or open for too long.
  void sweep(time_point now);

  /// Closes what is idle, and what is in use when it comes back.
  void retire();

  node_state state() const;

private:
  friend class node_lease;

  using guard = std::unique_lock<std::mutex>;
  using permit = circuit_breaker::permit;
  using held = node_lease::held;

  std::optional<held> take_idle(time_point now, std::vector<held>& old);
  bool too_old(const held& x, time_point now) const;
  result<held> open(guard& lock, permit leave, time_point deadline);
  /// Waits for a turn to open; none if something else is to be tried.
  std::optional<error> no_turn(guard& lock, time_point deadline);
  error refusal(time_point now) const;
  error told(error why) const;
  void put_back(held what, permit leave, time_point began) noexcept;

  const node_address where_;
  const backend_ptr server_;
  const node_limits limits_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  circuit_breaker breaker_;
  backoff backoff_;
  error last_;
  /// The one used last is at the end.
  std::vector<held> idle_;
  std::uint32_t used_ = 0;
  std::uint32_t opening_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t open_errors_ = 0;
  bool retired_ = false;
};

} // namespace caf_pool::cluster

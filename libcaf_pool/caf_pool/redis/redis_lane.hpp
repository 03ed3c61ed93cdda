#pragma once

#include "caf_pool/any_pool.hpp"
#include "caf_pool/backend/redis/redis_connection.hpp"
#include "caf_pool/lease/lease.hpp"
#include "caf_pool/redis/lane_call.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

namespace caf_pool {

/// What a lane may take.
struct lane_limits {
  /// Commands under way.
  std::size_t in_flight = 1000;
  /// Callers that wait to be sent.
  std::size_t waiting = 100;
  /// Bytes of the replies to one caller.
  std::uint64_t result_bytes = 0;
  /// How long a command may take, until a connection says otherwise.
  duration execute_timeout = std::chrono::seconds{60};
  /// How long callers wait to be sent, unless they say.
  duration acquire_timeout = std::chrono::seconds{5};
};

/// A connection of a pool that many callers use at the same time: what they
/// send goes out together, and the replies come in their order.
///
/// There is no thread of its own. One of the callers leads: it waits for input,
/// reads for all, wakes whose replies are there, and hands the lead on when its
/// own are. Meanwhile who comes sends what has gathered.
///
/// ~~~
///    come            leader                       connection
///     |  wait in line  |                               |
///     |--------------->| (or send, while it waits) --->|
///     |                |<---------- replies -----------|
///     |<-- wake, lead -|
/// ~~~
///
/// The connection is a lease like any other, taken when commands come and given
/// back when none is under way, or after a tenth of a second: then nothing more
/// is sent on it, and the next lease begins when all are answered.
///
/// Who leaves at its deadline takes nothing with it: its replies are read and
/// dropped, as long as somebody reads. If they are due for longer than any
/// command may take, the connection ends, and each caller has an error.
///
/// Thread-safety: any thread.
class redis_lane {
public:
  explicit redis_lane(const lane_limits& limits);

  redis_lane(const redis_lane&) = delete;
  redis_lane& operator=(const redis_lane&) = delete;

  /// Runs a call until it is over. Returns false if the lane is at its limit,
  /// or if its connection is not to be had for a while because of somebody's
  /// slow command: nothing was sent then, use a lease.
  bool run(any_pool& pool, lane_call& mine);

private:
  using guard = std::unique_lock<std::mutex>;

  struct shared_lease : lease {
    shared_lease() = default;

    explicit shared_lease(lease&& x) noexcept : lease(std::move(x)) {
      // nop
    }

    using lease::pooled;
  };

  /// A command whose reply is due.
  struct due_reply {
    /// Null if the caller has left.
    lane_call* who = nullptr;
    time_point since;
  };

  redis_connection& connection() const noexcept {
    return static_cast<redis_connection&>(held_.get());
  }

  bool stands_still(time_point now) const noexcept {
    return until_ != never && now > until_ + patience;
  }

  // -- callers ----------------------------------------------------------------

  bool join(lane_call& mine);
  bool leaves(lane_call& mine, bool& taken);
  void remove(lane_call& mine);
  void send_with_others(guard& lock);

  // -- the leader -------------------------------------------------------------

  bool lead(any_pool& pool, lane_call& mine);
  bool serve(any_pool& pool, lane_call& mine, guard& lock, bool& taken);
  void take_over(guard& lock);
  bool open(any_pool& pool, lane_call& mine, guard& lock);
  void read(guard& lock);
  void distribute();
  void end_if_stuck(guard& lock, time_point now);
  bool send(guard& lock);
  void park(lane_call& mine, guard& lock);
  void hand_on(guard& lock);
  void close(guard& lock);
  void fail_all(guard& lock, lane_call& mine, const std::exception& why);
  time_point stuck_at() const noexcept;

  // -- both -------------------------------------------------------------------

  bool put_waiting(time_point now);
  bool put_one(lane_call& x, time_point now);
  void refuse(lane_call& x, error why);
  void tell(lane_call& x, lane_turn what);
  void wake_all(guard& lock);
  lane_call* first_alive() const noexcept;

  /// How long a lease lasts, and how long callers wait for its end.
  static constexpr duration lifetime = std::chrono::milliseconds{100};
  static constexpr duration patience = std::chrono::milliseconds{20};

  const lane_limits limits_;
  std::mutex mutex_;
  /// Callers with commands that are not sent.
  std::deque<lane_call*> waiting_;
  std::deque<due_reply> under_way_;
  /// One of the callers leads, or is about to.
  bool led_ = false;
  /// The leader waits: who comes may send.
  bool parked_ = false;
  /// Somebody who came sends: the leader keeps off.
  bool sending_ = false;
  /// The connection belongs to the leader, or to who sends.
  shared_lease held_;
  /// From then on nothing is sent on it.
  time_point until_ = never;
  duration execute_timeout_;
  std::shared_ptr<pool_meters> meters_;
  /// Who is to be woken when the lock is open.
  std::vector<std::shared_ptr<lane_seat>> sleepers_;
  /// The leader's, to use the memory again.
  std::vector<result<redis_value>> came_;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/machine/policy/codel.hpp"
#include "caf_pool/machine/queue/deadline_heap.hpp"
#include "caf_pool/machine/queue/tenant_turns.hpp"
#include "caf_pool/machine/queue/waiter_list.hpp"
#include "caf_pool/machine/queue/waiter_table.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace caf_pool {

struct wait_queue_config {
  std::uint32_t limit = 0;
  /// A waiter gains one priority step each time this passes; zero: never.
  duration ageing = duration::zero();
  bool shed = false;
  /// At least so long; a typical use if that is longer.
  duration shed_target = duration::zero();
  duration shed_interval = duration::zero();
};

/// Decides who is served next.
///
/// ~~~
///   push --> queued --- pop ----------------------> served
///              | |`---- cancel -------------------> gone
///              |  `---- shed (overloaded) --------> turned away
///              | deadline <= now
///              v
///            expired -- expire (or cancel, drain) -> turned away
/// ~~~
///
/// - Within a priority and a tenant: in the order of (enqueued, id), so that a
///   waiter that is put back with its old values stands where it stood.
/// - Between the tenants of a priority: in turn.
///   This is "Efficient Fair Queuing using Deficit Round-Robin" (Shreedhar and
///   Varghese, 1995) with requests of one size.
/// - Between priorities: among those whose turn it is, whoever would have come
///   first if each step were worth `ageing` of waiting, i.e. by
///   enqueued - priority * ageing. So no turn waits for those that come more
///   than 7 * ageing later. Ties: the higher priority.
/// - Expired waiters are never served; they count until `expire` takes them,
///   which therefore comes first in every input of the pool.
///
/// No call takes longer than O(log n) per waiter that comes or goes, but for
/// waiters that are put back into the middle of a line. 170 to 250 bytes per
/// waiter. Thread-safety: like a plain value.
class wait_queue {
public:
  static constexpr std::size_t priorities = 8;

  explicit wait_queue(const wait_queue_config& config);

  /// Returns false if the queue is full or already has this ticket.
  bool push(const waiter& x, time_point now);

  std::optional<waiter> pop(time_point now);

  /// Returns what `pop` would.
  std::optional<waiter> peek(time_point now) const;

  bool cancel(ticket x);

  bool contains(ticket x) const;

  /// Removes the expired waiters and appends them to `out`, in the order of
  /// their deadlines.
  void expire(time_point now, std::vector<waiter>& out);

  /// While overloaded (see `codel`), removes those that have waited too long
  /// and appends them to `out`, longest first. Call it before `pop`, and when
  /// `next_shed` has come.
  void shed(time_point now, std::vector<waiter>& out);

  std::size_t size() const noexcept {
    return table_.size();
  }

  bool empty() const noexcept {
    return table_.empty();
  }

  /// Returns when `expire` has something to do; `never` if empty.
  time_point next_deadline() const noexcept;

  /// Returns when `shed` has something to do; `never` if empty or turned off.
  time_point next_shed() const noexcept;

  duration longest_wait(time_point now) const noexcept;

  /// Returns for how long somebody has been waiting without a pause; zero if
  /// empty. Feeds `sizing_input::queued_for`.
  duration busy_for(time_point now) const noexcept;

  /// Removes all: the expired ones, then the others as `pop` would.
  std::vector<waiter> drain();

  /// Somebody who was taken off the queue got nothing.
  void note_refusal() noexcept {
    codel_.refused();
  }

  /// Uses take so long as a rule; zero if that is not known. To wait for one
  /// is not slow.
  void expect_use(duration typical) noexcept;

  /// A lower limit keeps those that are queued.
  void configure(const wait_queue_config& x);

private:
  static std::size_t level_of(const waiter& x) noexcept;
  void enter(waiter_slot x);
  void leave(waiter_slot x);
  void forget(waiter_slot x, std::size_t level);
  void set_expired_aside(time_point now);
  std::optional<waiter> take_next();
  /// Returns the one to serve next among the front waiters of each level.
  template <class FrontOf>
  waiter_slot choose(FrontOf front_of) const;

  wait_queue_config config_;
  waiter_table table_;
  std::array<tenant_turns, priorities> levels_;
  /// One bit per level with waiters.
  std::uint8_t occupied_ = 0;
  deadline_heap deadlines_;
  waiter_list<&waiter_table::node::arrival> arrivals_;
  waiter_list<&waiter_table::node::turn> expired_;
  codel codel_;
  duration typical_use_ = duration::zero();
  time_point busy_since_{};
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/machine/circuit_breaker.hpp"
#include "caf_pool/machine/lifetime.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace caf_pool {

/// What a connection is doing.
///
/// ~~~
///   opening --> idle <--> offered
///                |  \        |  (taken and given back without a message)
///        grant   |   +-------+--> resetting --> idle
///                v           |
///              leased -------+--> probing  ---> idle
///                |
///                | holder is gone, statement runs
///                v
///           quarantined --> resetting
///
///   every state --> closing --> gone
/// ~~~
enum class connection_state : std::uint8_t {
  /// A worker is opening it. Counts against the maximum.
  opening,
  /// Free, and in the machine's hands.
  idle,
  /// In the front: free or taken, only the front knows.
  offered,
  /// Granted by the machine.
  leased,
  /// A worker removes the last holder's traces.
  resetting,
  /// A worker asks the server whether it lives.
  probing,
  /// A worker ends it. Counts against the maximum until confirmed.
  closing,
  /// Its holder is gone, but something still runs on it.
  quarantined,
};

/// Everything that the machine knows about one connection.
struct connection_record {
  connection_state state = connection_state::opening;
  connection_age age;
  /// Increments with each grant; part of the lease id.
  std::uint64_t lease_generation = 0;
  /// The current lease, while `leased`.
  lease_id lease;
  /// Leave of the breaker for the opening or probe under way.
  std::optional<circuit_breaker::permit> permit;
  /// Start of the current state.
  time_point since{};
  /// A worker must have answered by then; `never` if none works on it.
  time_point overdue_at = never;
  /// Uses in the front that were seen so far.
  std::uint64_t front_uses = 0;
  /// The front said at the last look that it is taken.
  bool front_taken = false;
  /// The front was told to give it back.
  bool recalled = false;
  /// The health check waits for it to come back from the front.
  bool probe_when_back = false;
  /// The probe under way serves a waiter, not the health check.
  bool probe_for_waiter = false;

  friend bool operator==(const connection_record&, const connection_record&)
    = default;
};

/// Knows every connection of a pool, its state and the order of the idle ones.
///
/// Thread-safety: like a plain value.
class connection_table {
public:
  using map_type = std::map<connection_id, connection_record>;

  /// Adds a connection that is being opened. Ids are never reused.
  connection_id add(time_point now);

  /// Takes over a connection of a predecessor, with its id.
  void adopt(connection_id id, const connection_record& record);

  /// Returns the record, or nullptr for a connection that is gone: reports
  /// about those are legal and ignored.
  connection_record* find(connection_id id) noexcept;
  const connection_record* find(connection_id id) const noexcept;

  /// Changes the state; keeps the idle order and the counts.
  void move_to(connection_id id, connection_state to, time_point now);

  void erase(connection_id id);

  /// A worker must have answered about this connection by `deadline`. Ends with
  /// the next change of state.
  void watch(connection_id id, time_point deadline);

  void unwatch(connection_id id);

  /// Returns a connection whose worker is overdue, if there is one.
  std::optional<connection_id> overdue(time_point now) const noexcept;

  /// Returns when the first worker is overdue; `never` if none works.
  time_point next_overdue() const noexcept;

  /// Returns the next idle connection in hand-out order, if there is one.
  std::optional<connection_id> next_idle(hand_out_order order) const noexcept;

  /// Idle connections, least recently used first.
  const std::deque<connection_id>& idle() const noexcept {
    return idle_;
  }

  std::uint32_t count(connection_state x) const noexcept {
    return counts_[static_cast<std::size_t>(x)];
  }

  std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(records_.size());
  }

  const map_type& records() const noexcept {
    return records_;
  }

  map_type& records() noexcept {
    return records_;
  }

  std::uint64_t last_id() const noexcept {
    return last_id_;
  }

  /// Ids start behind this.
  void skip_ids(std::uint64_t last) noexcept {
    last_id_ = last;
  }

private:
  void unwatch(connection_id id, connection_record& record);

  map_type records_;
  std::deque<connection_id> idle_;
  std::set<std::pair<time_point, connection_id>> watched_;
  std::uint32_t counts_[8] = {};
  std::uint64_t last_id_ = 0;
};

} // namespace caf_pool

#pragma once

#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/memo.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/machine/connection_record.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace caf_pool {

/// Knows every connection of a pool, its state and the order of the idle ones.
///
/// Thread-safety: like a plain value.
class connection_table {
public:
  using map_type = std::map<connection_id, connection_record>;

  /// Adds a connection that is being opened. Ids are never reused.
  connection_id add(time_point now);

  /// Takes over a connection of a predecessor, with its id. Idle ones are
  /// adopted by `adopt_idle`.
  void adopt(connection_id id, const connection_record& record);

  /// Puts the idle connections of a predecessor in its order.
  void adopt_idle(const std::deque<connection_id>& order) {
    idle_ = order;
  }

  /// Returns the record, or nullptr for a connection that is gone: reports
  /// about those are legal and ignored.
  connection_record* find(connection_id id) noexcept {
    if (last_found_.at == nullptr || last_found_.at->first != id)
      last_found_.at = look_up(id);
    return last_found_.at != nullptr ? &last_found_.at->second : nullptr;
  }

  const connection_record* find(connection_id id) const noexcept {
    if (last_found_.at != nullptr && last_found_.at->first == id)
      return &last_found_.at->second;
    auto i = records_.find(id);
    return i != records_.end() ? &i->second : nullptr;
  }

  /// Changes the state; keeps the idle order and the counts.
  void move_to(connection_id id, connection_state to, time_point now);

  void erase(connection_id id);

  /// Notes what the front looks like. Only for offered connections.
  void note_front(connection_record& record, std::uint64_t uses, bool taken,
                  time_point now) noexcept;

  // -- overdue workers --------------------------------------------------------

  /// A worker must have answered about this connection by `deadline`. Ends with
  /// the next change of state.
  void watch(connection_id id, time_point deadline);

  void unwatch(connection_id id);

  /// Gives all workers more time.
  void postpone(duration by);

  /// Returns a connection whose worker is overdue, if there is one.
  std::optional<connection_id> overdue(time_point now) const noexcept;

  /// Returns when the first worker is overdue; `never` if none works.
  time_point next_overdue() const noexcept;

  // -- answers ----------------------------------------------------------------

  /// Idle connections, the one that became idle last at the back.
  const std::deque<connection_id>& idle() const noexcept {
    return idle_;
  }

  std::uint32_t count(connection_state x) const noexcept {
    return counts_[static_cast<std::size_t>(x)];
  }

  /// How many offered connections were taken at the last look.
  std::uint32_t front_taken() const noexcept {
    return front_taken_;
  }

  std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(records_.size());
  }

  /// Everything but what is on its way out.
  std::uint32_t alive() const noexcept {
    return size() - count(connection_state::closing);
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
  map_type::value_type* look_up(connection_id id) noexcept;
  void leave(connection_id id, connection_record& record);
  void unwatch(connection_id id, connection_record& record);

  map_type records_;
  /// One input mostly asks for one connection, again and again.
  memo<map_type::value_type> last_found_;
  std::deque<connection_id> idle_;
  std::set<std::pair<time_point, connection_id>> watched_;
  std::array<std::uint32_t, connection_states> counts_{};
  std::uint32_t front_taken_ = 0;
  std::uint64_t last_id_ = 0;
};

} // namespace caf_pool

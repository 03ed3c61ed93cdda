#include "caf_pool/machine/connection_table.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

constexpr std::size_t index_of(connection_state x) noexcept {
  return static_cast<std::size_t>(x);
}

} // namespace

connection_id connection_table::add(time_point now) {
  auto id = connection_id{++last_id_};
  auto& record = records_[id];
  record.since = now;
  ++counts_[index_of(record.state)];
  return id;
}

void connection_table::adopt(connection_id id,
                             const connection_record& record) {
  records_.emplace(id, record);
  ++counts_[index_of(record.state)];
  front_taken_ += record.front_taken;
  if (record.overdue_at != never)
    watched_.emplace(record.overdue_at, id);
  last_id_ = std::max(last_id_, id.value);
}

connection_table::map_type::value_type* connection_table::look_up(
  connection_id id) noexcept {
  auto i = records_.find(id);
  return i != records_.end() ? &*i : nullptr;
}

void connection_table::move_to(connection_id id, connection_state to,
                               time_point now) {
  auto* record = find(id);
  if (record == nullptr)
    return;
  leave(id, *record);
  ++counts_[index_of(to)];
  if (to == connection_state::idle)
    idle_.push_back(id);
  record->state = to;
  record->since = now;
  record->recalled = false;
  record->seen_at = now;
}

void connection_table::erase(connection_id id) {
  if (auto* record = find(id)) {
    leave(id, *record);
    last_found_.at = nullptr;
    records_.erase(id);
  }
}

void connection_table::note_front(connection_record& record, std::uint64_t uses,
                                  bool taken, time_point now) noexcept {
  front_taken_ += taken;
  front_taken_ -= record.front_taken;
  record.front_uses = uses;
  record.front_taken = taken;
  record.seen_at = now;
}

void connection_table::leave(connection_id id, connection_record& record) {
  if (record.state == connection_state::idle) {
    if (idle_.back() == id)
      idle_.pop_back();
    else
      idle_.erase(std::find(idle_.begin(), idle_.end(), id));
  }
  --counts_[index_of(record.state)];
  front_taken_ -= record.front_taken;
  record.front_taken = false;
  unwatch(id, record);
}

// -- overdue workers ----------------------------------------------------------

void connection_table::watch(connection_id id, time_point deadline) {
  auto* record = find(id);
  if (record == nullptr)
    return;
  unwatch(id, *record);
  record->overdue_at = deadline;
  watched_.emplace(deadline, id);
}

void connection_table::unwatch(connection_id id) {
  if (auto* record = find(id))
    unwatch(id, *record);
}

void connection_table::unwatch(connection_id id, connection_record& record) {
  if (record.overdue_at == never)
    return;
  watched_.erase({record.overdue_at, id});
  record.overdue_at = never;
}

void connection_table::postpone(duration by) {
  watched_.clear();
  for (auto& [id, record] : records_) {
    if (record.overdue_at == never)
      continue;
    record.overdue_at = add_saturated(record.overdue_at, by);
    watched_.emplace(record.overdue_at, id);
  }
}

std::optional<connection_id> connection_table::overdue(
  time_point now) const noexcept {
  if (watched_.empty() || watched_.begin()->first > now)
    return std::nullopt;
  return watched_.begin()->second;
}

time_point connection_table::next_overdue() const noexcept {
  return watched_.empty() ? never : watched_.begin()->first;
}

} // namespace caf_pool

#include "caf_pool/machine/connection_table.hpp"

#include <algorithm>

namespace caf_pool {

connection_id connection_table::add(time_point now) {
  auto id = connection_id{++last_id_};
  auto record = connection_record{};
  record.since = now;
  records_.emplace(id, record);
  ++counts_[static_cast<std::size_t>(connection_state::opening)];
  return id;
}

void connection_table::adopt(connection_id id,
                             const connection_record& record) {
  records_.emplace(id, record);
  ++counts_[static_cast<std::size_t>(record.state)];
  if (record.state == connection_state::idle)
    idle_.push_back(id);
  if (record.overdue_at != never)
    watched_.emplace(record.overdue_at, id);
  last_id_ = std::max(last_id_, id.value);
}

connection_record* connection_table::find(connection_id id) noexcept {
  auto i = records_.find(id);
  return i != records_.end() ? &i->second : nullptr;
}

const connection_record* connection_table::find(
  connection_id id) const noexcept {
  auto i = records_.find(id);
  return i != records_.end() ? &i->second : nullptr;
}

void connection_table::move_to(connection_id id, connection_state to,
                               time_point now) {
  auto* record = find(id);
  if (record == nullptr)
    return;
  if (record->state == connection_state::idle)
    idle_.erase(std::find(idle_.rbegin(), idle_.rend(), id).base() - 1);
  unwatch(id, *record);
  --counts_[static_cast<std::size_t>(record->state)];
  ++counts_[static_cast<std::size_t>(to)];
  if (to == connection_state::idle)
    idle_.push_back(id);
  record->state = to;
  record->since = now;
  record->front_taken = false;
  record->recalled = false;
}

void connection_table::erase(connection_id id) {
  auto* record = find(id);
  if (record == nullptr)
    return;
  if (record->state == connection_state::idle)
    idle_.erase(std::find(idle_.begin(), idle_.end(), id));
  unwatch(id, *record);
  --counts_[static_cast<std::size_t>(record->state)];
  records_.erase(id);
}

std::optional<connection_id> connection_table::next_idle(
  hand_out_order order) const noexcept {
  if (idle_.empty())
    return std::nullopt;
  return order == hand_out_order::lifo ? idle_.back() : idle_.front();
}

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

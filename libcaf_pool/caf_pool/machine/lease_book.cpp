#include "caf_pool/machine/lease_book.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

duration longer(duration limit, duration expected) {
  return limit == duration::zero() ? limit : std::max(limit, expected);
}

} // namespace

void lease_book::open(lease_entry entry) {
  auto key = entry.id.connection;
  entries_.insert_or_assign(key, std::move(entry));
}

std::optional<lease_entry> lease_book::close(connection_id connection) {
  auto i = entries_.find(connection);
  if (i == entries_.end())
    return std::nullopt;
  auto entry = std::move(i->second);
  entries_.erase(i);
  return entry;
}

const lease_entry* lease_book::find(connection_id connection) const noexcept {
  auto i = entries_.find(connection);
  return i != entries_.end() ? &i->second : nullptr;
}

bool lease_book::valid(const lease_id& id) const noexcept {
  auto* entry = find(id.connection);
  return entry != nullptr && entry->id == id && !entry->from_front;
}

std::optional<lease_entry> lease_book::seen_in_front(lease_entry entry) {
  entry.from_front = true;
  auto i = entries_.find(entry.id.connection);
  if (i == entries_.end()) {
    open(std::move(entry));
    return std::nullopt;
  }
  // A successor of the pool has another epoch, but the holding is the same.
  if (i->second.from_front && i->second.id.generation == entry.id.generation)
    return std::nullopt;
  auto previous = std::exchange(i->second, std::move(entry));
  if (previous.suspected)
    return previous;
  return std::nullopt;
}

lease_book::findings lease_book::check(duration threshold, duration revoke,
                                       time_point now) {
  findings result;
  for (auto& [connection, entry] : entries_) {
    auto warn_after = longer(threshold, entry.expected);
    auto revoke_after = longer(revoke, entry.expected);
    auto held = now - entry.since;
    if (!entry.suspected && warn_after > duration::zero()
        && held >= warn_after) {
      entry.suspected = true;
      result.suspected.push_back(entry);
    }
    if (!entry.revoked && revoke_after > duration::zero()
        && held >= revoke_after) {
      entry.revoked = true;
      result.to_revoke.push_back(entry);
    }
  }
  return result;
}

time_point lease_book::next_check(duration threshold,
                                  duration revoke) const noexcept {
  auto next = never;
  if (threshold == duration::zero() && revoke == duration::zero())
    return next;
  for (auto& [connection, entry] : entries_)
    next = std::min(next, next_check(entry, threshold, revoke));
  return next;
}

time_point lease_book::next_check(const lease_entry& x, duration threshold,
                                  duration revoke) noexcept {
  auto next = never;
  if (!x.suspected && threshold > duration::zero())
    next = add_saturated(x.since, longer(threshold, x.expected));
  if (!x.revoked && revoke > duration::zero())
    next = std::min(next, add_saturated(x.since, longer(revoke, x.expected)));
  return next;
}

std::vector<lease_info> lease_book::list(time_point now) const {
  std::vector<lease_info> result;
  result.reserve(entries_.size());
  for (auto& [connection, entry] : entries_)
    result.push_back(
      {entry.id, entry.holder, now - entry.since, entry.suspected});
  return result;
}

std::optional<lease_entry> lease_book::oldest() const {
  auto i = std::min_element(entries_.begin(), entries_.end(),
                            [](const auto& lhs, const auto& rhs) {
                              return lhs.second.since < rhs.second.since;
                            });
  if (i == entries_.end())
    return std::nullopt;
  return i->second;
}

} // namespace caf_pool

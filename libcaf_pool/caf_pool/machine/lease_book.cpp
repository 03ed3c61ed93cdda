#include "caf_pool/machine/lease_book.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

duration longer(duration limit, duration expected) {
  return limit == duration::zero() ? limit : std::max(limit, expected);
}

} // namespace

const lease_entry* lease_book::look_up(
  connection_id connection) const noexcept {
  auto& last = last_found_.at;
  if (last == nullptr || last->first != connection) {
    auto i = places_.find(connection);
    last = i != places_.end() ? &*i : nullptr;
  }
  return last != nullptr ? &last->second : nullptr;
}

lease_entry* lease_book::look_up(connection_id connection) noexcept {
  // The place is ours, and we are not const.
  return const_cast<lease_entry*>(std::as_const(*this).look_up(connection));
}

void lease_book::tidy() {
  constexpr std::size_t spare = 64;
  if (places_.size() < 2 * open_ + spare)
    return;
  last_found_.at = nullptr;
  std::erase_if(places_, [](auto& x) { return !x.second.id; });
}

void lease_book::open(lease_entry entry) {
  auto* place = look_up(entry.id.connection);
  if (place == nullptr) {
    tidy();
    place = &places_[entry.id.connection];
  }
  open_ += !place->id;
  *place = std::move(entry);
}

std::optional<lease_entry> lease_book::close(connection_id connection) {
  auto* place = look_up(connection);
  if (place == nullptr || !place->id)
    return std::nullopt;
  --open_;
  auto result = std::optional{std::move(*place)};
  place->id = {};
  return result;
}

const lease_entry* lease_book::find(connection_id connection) const noexcept {
  auto* place = look_up(connection);
  return place != nullptr && place->id ? place : nullptr;
}

bool lease_book::valid(const lease_id& id) const noexcept {
  auto* entry = find(id.connection);
  return entry != nullptr && entry->id == id && !entry->from_front;
}

std::optional<lease_entry> lease_book::seen_in_front(lease_entry entry) {
  entry.from_front = true;
  auto* known = look_up(entry.id.connection);
  if (known == nullptr || !known->id) {
    open(std::move(entry));
    return std::nullopt;
  }
  // A successor of the pool has another epoch, but the holding is the same.
  if (known->from_front && known->id.generation == entry.id.generation)
    return std::nullopt;
  auto previous = std::exchange(*known, std::move(entry));
  if (previous.suspected)
    return previous;
  return std::nullopt;
}

lease_book::findings lease_book::check(duration threshold, duration revoke,
                                       time_point now) {
  findings result;
  for (auto& [connection, entry] : places_) {
    if (!entry.id)
      continue;
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
  for (auto& [connection, entry] : places_)
    if (entry.id)
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
  result.reserve(open_);
  for (auto& [connection, entry] : places_)
    if (entry.id)
      result.push_back(
        {entry.id, entry.holder, now - entry.since, entry.suspected});
  return result;
}

std::vector<lease_entry> lease_book::entries() const {
  std::vector<lease_entry> result;
  result.reserve(open_);
  for (auto& [connection, entry] : places_)
    if (entry.id)
      result.push_back(entry);
  return result;
}

const lease_entry* lease_book::oldest() const noexcept {
  const lease_entry* result = nullptr;
  for (auto& [connection, entry] : places_)
    if (entry.id && (result == nullptr || entry.since < result->since))
      result = &entry;
  return result;
}

} // namespace caf_pool

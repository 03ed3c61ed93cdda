#include "caf_pool/front/lease_peak.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace caf_pool {

namespace {

/// Slots that are looked at together; of more than these, leases that change
/// slots meanwhile may be missed.
constexpr slot_index most = 1024;

/// Above all slots.
constexpr slot_index all_slots = std::numeric_limits<slot_index>::max();

/// Looks twice at up to `most` slots; returns how many are taken.
std::uint32_t look(const slot_store& slots, slot_index from,
                   slot_index to) noexcept {
  std::uint32_t taken = 0;
  std::array<std::uint64_t, most> before;
  for (auto i = from; i < to; ++i)
    before[i - from] = slots.at(i).load().bits();
  for (auto i = from; i < to; ++i) {
    auto word = slots.at(i).load();
    taken
      += word.state() == slot_state::taken && word.bits() == before[i - from];
  }
  return taken;
}

/// Returns the limit below which all slots on offer may be taken beside those
/// that are taken now, wherever they are, without being more than `n`.
slot_index limit_for(const slot_store& slots, slot_index size,
                     std::uint32_t n) noexcept {
  std::uint32_t leases = 0;
  for (slot_index i = 0; i < size; ++i)
    leases += slots.at(i).load().state() == slot_state::taken;
  if (leases > n)
    return 0;
  for (slot_index i = 0; i < size; ++i)
    if (slots.at(i).load().state() == slot_state::offered && ++leases > n)
      return i;
  return all_slots;
}

/// Returns the state after `was`, with which everybody counts.
std::uint64_t next_state(std::uint64_t was) noexcept {
  return ((was >> 32) + 1) << 32;
}

void raise(std::atomic<std::uint32_t>& x, std::uint32_t to) noexcept {
  auto now = x.load();
  while (now < to && !x.compare_exchange_weak(now, to)) {
    // nop
  }
}

} // namespace

void lease_peak::count(const slot_store& slots, slot_index size) noexcept {
  // From now on everybody counts, until this count has ended without another
  // one beside it: that would see what this one has missed.
  auto was = state_.load();
  while (!state_.compare_exchange_weak(was, next_state(was))) {
    // nop
  }
  auto mine = next_state(was);
  std::uint32_t taken = 0;
  for (slot_index i = 0; i < size; i += most)
    taken += look(slots, i, std::min(size, i + most));
  auto elsewhere = elsewhere_.load();
  raise(peak_, taken + elsewhere);
  auto peak = peak_.load();
  auto limit = limit_for(slots, size, peak > elsewhere ? peak - elsewhere : 0);
  state_.compare_exchange_strong(mine, mine | limit);
}

void lease_peak::recheck() noexcept {
  auto was = state_.load();
  while (!state_.compare_exchange_weak(was, next_state(was))) {
    // nop
  }
}

void lease_peak::note_elsewhere(std::uint32_t n, std::uint32_t in_slots,
                                const slot_store& slots,
                                slot_index size) noexcept {
  auto before = elsewhere_.exchange(n);
  auto peak = peak_.load();
  if (n <= before)
    return;
  if (in_slots == 0)
    raise(peak_, n); // a slot that is offered later is counted when it is taken
  else if (n + in_slots > peak)
    count(slots, size);
  else // even if all slots were taken
    state_.store(next_state(state_.load()) | all_slots);
}

} // namespace caf_pool

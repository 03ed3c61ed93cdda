#pragma once

#include "caf_pool/front/slot_store.hpp"

#include <atomic>
#include <cstdint>

namespace caf_pool {

/// Knows how many connections were leased at the same time at most, without a
/// counter that each caller would have to write.
///
/// Slots below a limit are taken without a count: if all of them that are on
/// offer were taken beside those that were taken already, there would be no
/// more leases than before. Who takes another one counts, which sets the limit
/// anew. Callers prefer low slots, so that hardly anybody counts once the peak
/// is reached.
///
/// A count looks twice at each slot: those that did not change meanwhile were
/// taken at the moment between. So the peak is never too high, and misses only
/// leases that end while it is counted.
///
/// Thread-safety: any thread.
class lease_peak {
public:
  /// Tells whether to count after this slot was taken.
  bool wants_count(slot_index taken) const noexcept {
    return taken >= static_cast<slot_index>(state_.load());
  }

  /// Counts the first `size` slots.
  void count(const slot_store& slots, slot_index size) noexcept;

  /// There is one more slot that can be taken: the next one counts.
  void recheck() noexcept;

  /// So many connections are leased that are in no slot, and no more than
  /// `in_slots` beside them. Counts if they may be more than ever.
  void note_elsewhere(std::uint32_t n, std::uint32_t in_slots,
                      const slot_store& slots, slot_index size) noexcept;

  std::uint32_t value() const noexcept {
    return peak_.load();
  }

  void clear() noexcept {
    state_ = 0;
    peak_ = 0;
    elsewhere_ = 0;
  }

private:
  /// The number of the last count, and below it the limit.
  std::atomic<std::uint64_t> state_{0};
  std::atomic<std::uint32_t> peak_{0};
  std::atomic<std::uint32_t> elsewhere_{0};
};

} // namespace caf_pool

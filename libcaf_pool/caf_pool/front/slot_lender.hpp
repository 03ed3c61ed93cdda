#pragma once

#include "caf_pool/core/histogram.hpp"
#include "caf_pool/front/keep_alive.hpp"
#include "caf_pool/front/lease_peak.hpp"
#include "caf_pool/front/release_sink.hpp"
#include "caf_pool/front/slot_rules.hpp"
#include "caf_pool/front/slot_store.hpp"
#include "caf_pool/front/slot_view.hpp"
#include "caf_pool/front/use_estimate.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace caf_pool {

/// The callers' side of a `slot_table`: takes and gives back without a message,
/// a lock or a clock call.
///
/// Thread-safety: any thread.
class slot_lender {
public:
  /// Every so many takes of a thread, the use time is measured.
  static constexpr std::uint32_t sample_interval = 64;

  slot_lender(const slot_lender&) = delete;
  slot_lender& operator=(const slot_lender&) = delete;

  // -- lending ----------------------------------------------------------------

  /// Takes an offered connection. Looks at most `tries` times at all slots and
  /// pauses in between, for a millisecond at most. Returns nothing if none is
  /// free or the front is shut.
  loan try_take(const holder& who, std::uint32_t tries = 1) noexcept;

  /// Ends a holding. Never blocks, unless it is the last one of a closed table:
  /// that destroys the keep-alive on the calling thread.
  handed_back give_back(const loan& x, condition how) noexcept;

  /// Tells whether the holding goes on: not given back, not fenced off.
  bool holds(const loan& x) const noexcept;

  // -- looking at it ----------------------------------------------------------

  /// Tells that nothing can be taken because somebody waits, or for ever.
  bool shut() const noexcept {
    return gate() != front_gate::open;
  }

  bool closed() const noexcept {
    return gate() == front_gate::closed;
  }

  /// All bound slots have a lower index.
  slot_index in_use() const noexcept {
    return in_use_.load(std::memory_order_acquire);
  }

  /// Looks at one slot; without a connection if it is not bound.
  slot_view view(slot_index i) const noexcept;

  /// Calls `f` with the view of each bound slot, in order.
  template <class F>
  void for_each(F&& f) const {
    for (slot_index i = 0; i < in_use(); ++i)
      if (auto x = view(i); x.connection)
        f(x);
  }

  /// The most connections that were leased at the same time.
  std::uint32_t peak_leased() const noexcept {
    return peak_.value();
  }

  /// How long connections were held, by the sampled holdings.
  histogram_snapshot use_times() const;

protected:
  slot_lender() = default;
  ~slot_lender() = default;

  front_gate gate() const noexcept {
    return gate_.load(std::memory_order_seq_cst);
  }

  /// A slot that was taken, and how often so far.
  struct holding {
    std::uint64_t generation = 0;
    slot_index slot = 0;

    explicit operator bool() const noexcept {
      return generation != 0;
    }
  };

  /// Writes down who holds a slot that was just taken.
  loan lend(holding what, const holder& who) noexcept;

  // -- read by everybody, seldom written --------------------------------------

  alignas(64) std::atomic<front_gate> gate_{front_gate::closed};
  std::atomic<slot_index> in_use_{0};
  std::atomic<time_point::rep> clock_{0};
  /// Tells the lives of the memory apart; for the threads' hints.
  std::uint64_t serial_ = 0;
  std::unique_ptr<histogram> use_times_;
  lease_peak peak_;

  // -- the rest ---------------------------------------------------------------

  alignas(64) slot_store slots_;
  sink_holder sink_;
  keep_alive keep_alive_;

  /// While holders are brief, callers that meet a shut front wait a moment for
  /// it to open before they queue. Otherwise a queue that once formed would
  /// feed itself: nothing is as quick as its service, so that a caller is back
  /// before the others are served.
  alignas(64) use_estimate uses_;

private:
  holding take(slot_index i) noexcept;
  holding scan(slot_index start) noexcept;
  holding search(std::uint32_t tries) noexcept;
  loan describe(holding what, const holder& who) noexcept;
  handed_back pull_back(slot_index i, slot_word offered) noexcept;
  handed_back settle(slot_index i, slot_word was, slot_word is) noexcept;
  void record_use(const loan& x) noexcept;
};

} // namespace caf_pool

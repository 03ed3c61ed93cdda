#pragma once

#include "caf_pool/front/slot_lender.hpp"

#include <memory>
#include <optional>

namespace caf_pool {

/// Lends connections without a message, a lock or a clock call.
///
/// ~~~
///          offer               try_take
///   empty <-----> offered <--------------> taken -- revoke --> revoked
///    | ^  withdraw   |       give_back      ^ |                   |
///    | |             | front is shut        | | give_back         |
///    | | collect     v                      | v                   |
///    | +--------- returned <----------------|-+-------------------+
///    +------------------------ grant -------+
/// ~~~
///
/// While anybody waits in the pool's queue the front is shut: nothing can be
/// taken and every release goes to the actor, so that nobody overtakes the
/// queue. The actor shuts first and withdraws then; a holder offers first and
/// then looks whether the front is shut. Both in sequentially consistent order,
/// so one sees the other: no waiter is left beside a free connection.
///
/// The memory of a table is never freed, only used again for a later table. So
/// a release touches no reference count, and may look at the gate after it has
/// let go of the last thing that kept the pool.
///
/// ~~~
/// auto table = slot_table::make(sink);
/// table->offer(*table->bind(id, &connection));      // the pool's actor
/// if (auto x = table->try_take(holder::here(), 32)) // anybody
///   x.table->give_back(x, condition::clean);
/// ~~~
///
/// Thread-safety: what is declared here by one thread at a time, the pool's
/// actor; what is inherited from any thread.
class slot_table : public slot_lender,
                   public std::enable_shared_from_this<slot_table> {
public:
  /// Makes an open table without slots. When the last pointer goes, the table
  /// is closed without a keep-alive if it was not closed before.
  static std::shared_ptr<slot_table> make(std::shared_ptr<release_sink> sink
                                          = nullptr);

  // -- slots ------------------------------------------------------------------

  /// Binds a connection to the lowest free slot, which becomes the actor's.
  /// `object` is opaque. Nothing if `slot_store::max_size` slots are bound.
  std::optional<slot_index> bind(connection_id id, void* object);

  /// Frees a slot; false unless it is bound and empty.
  bool unbind(slot_index i) noexcept;

  /// Lets anybody take a slot; false unless it is bound and empty.
  bool offer(slot_index i) noexcept;

  /// Takes an offered slot back; false unless it was offered.
  bool withdraw(slot_index i) noexcept;

  /// Takes any offered slot back.
  std::optional<slot_index> withdraw_any() noexcept;

  /// Lends an empty slot to a caller that was served by message. With
  /// `to_actor` its release comes to the actor, else to the front unless
  /// somebody waits then. Returns nothing unless the slot is bound and empty.
  loan grant(slot_index i, const holder& who, bool to_actor = true) noexcept;

  /// Withdraws a free slot, or makes the release of a taken one come here.
  recalled recall(slot_index i) noexcept;

  /// Fences the holder off: `holds` is false from now on. The connection stays
  /// in its hands until the slot is returned. False if the holding is over.
  bool revoke(slot_index i, std::uint64_t generation) noexcept;

  /// Makes a returned slot empty; nothing unless it was returned.
  std::optional<slot_return> collect(slot_index i) noexcept;

  // -- the whole --------------------------------------------------------------

  /// Shuts or opens the front. Shut first, withdraw then.
  void set_shut(bool shut) noexcept;

  /// Sets the coarse clock by which holdings are dated.
  void advance_clock(time_point now) noexcept;

  /// So many connections are leased without a slot, and at most `in_slots` in
  /// one; for the peak.
  void note_leased_elsewhere(std::uint32_t n, std::uint32_t in_slots) noexcept;

  /// Replaces the sink, e.g. by that of a successor of the actor, which then
  /// looks for returned slots.
  void set_sink(std::shared_ptr<release_sink> sink) noexcept;

  /// Ends lending for ever. Free slots become the actor's. `what` is dropped
  /// when the last present holder has let go: at once if there is none. Only
  /// the first call counts.
  void close(std::shared_ptr<void> what = nullptr) noexcept;

private:
  friend class table_shelf;

  using rule = slot_rules::next_word (*)(slot_word);

  slot_table() = default;
  ~slot_table() = default;

  /// Applies `next` until it fits. Returns the word that was replaced.
  std::optional<slot_word> change(slot_index i, rule next) noexcept;

  void begin(std::uint64_t serial, std::shared_ptr<release_sink> sink);
  void end() noexcept;

  /// All slots below are bound.
  slot_index lowest_free_ = 0;
};

} // namespace caf_pool

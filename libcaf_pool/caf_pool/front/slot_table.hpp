#pragma once

#include "caf_pool/core/histogram.hpp"
#include "caf_pool/front/release_sink.hpp"
#include "caf_pool/front/slot_store.hpp"
#include "caf_pool/front/slot_view.hpp"

#include <atomic>
#include <memory>
#include <mutex>
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
/// The memory of a table is never freed, only used again for a later table:
/// so a release touches no reference count, and is safe whenever it comes.
///
/// ~~~
/// auto table = slot_table::make(sink);
/// table->offer(*table->bind(id, &connection));      // the pool's actor
/// if (auto x = table->try_take(holder::here(), 32)) // anybody
///   table->give_back(x, condition::clean);
/// ~~~
///
/// Thread-safety: the actor's side by one thread at a time, all else from any.
class slot_table {
public:
  /// Makes an open table without slots. When the last pointer goes, the table
  /// is closed without a keep-alive if it was not closed before.
  static std::shared_ptr<slot_table> make(std::shared_ptr<release_sink> sink
                                          = nullptr);

  slot_table(const slot_table&) = delete;
  slot_table& operator=(const slot_table&) = delete;

  // -- the callers' side -------------------------------------------------------

  /// Takes an offered connection. Looks at most `tries` times at all slots and
  /// pauses in between. Returns nothing if none is free or the front is shut.
  loan try_take(const holder& who, std::uint32_t tries = 1) noexcept;

  /// Ends a holding. Never blocks, unless it is the last one of a closed table:
  /// that destroys the keep-alive on the calling thread.
  handed_back give_back(const loan& x, condition how) noexcept;

  /// Tells whether the holding goes on: not given back, not fenced off.
  bool holds(const loan& x) const noexcept;

  // -- the actor's side --------------------------------------------------------

  /// Binds a connection to the lowest free slot, which becomes the actor's.
  /// `object` is opaque. Nothing if `slot_store::max_size` slots are bound.
  std::optional<slot_index> bind(connection_id id, void* object);

  /// Frees a slot. Returns false and does nothing unless it is empty.
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

  /// Shuts or opens the front. Shut first, withdraw then.
  void set_shut(bool shut) noexcept;

  /// Sets the coarse clock by which holdings are dated.
  void advance_clock(time_point now) noexcept;

  /// Replaces the sink, e.g. by that of a successor of the actor, which then
  /// looks for returned slots.
  void set_sink(std::shared_ptr<release_sink> sink) noexcept;

  /// Ends lending for ever. Free slots become the actor's. `keep_alive` is
  /// dropped when the last present holder has let go: at once if there is none.
  void close(std::shared_ptr<void> keep_alive = nullptr) noexcept;

  // -- looking at it, from any thread ------------------------------------------

  bool shut() const noexcept;
  bool closed() const noexcept;

  /// All bound slots have a lower index.
  slot_index in_use() const noexcept;

  /// Looks at one slot; without a connection if it is not bound.
  slot_view view(slot_index i) const noexcept;

  /// Calls `f` with the view of each bound slot, in order.
  template <class F>
  void for_each(F&& f) const {
    for (slot_index i = 0; i < in_use(); ++i)
      if (auto x = view(i); x.connection)
        f(x);
  }

  /// How long connections were held: one in 64 takes of each thread.
  histogram_snapshot use_times() const;

private:
  // implementation arrives with slot_table.cpp
};

} // namespace caf_pool

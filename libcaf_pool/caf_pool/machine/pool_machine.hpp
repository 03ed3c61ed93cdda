#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/pool_snapshot.hpp"
#include "caf_pool/machine/effect.hpp"
#include "caf_pool/machine/pool_facts.hpp"
#include "caf_pool/machine/pool_state.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace caf_pool {

/// Everything that a pool decides. Takes facts plus `now`, returns orders. The
/// only machine that emits effects; the others answer its questions.
///
/// ~~~
///            start                  pause                 drain
///   (made) --------> serving <---------------> paused ----------+
///                       |         resume                        v
///                       +----------------------------------> draining
///                       |                shut_down              |
///                       +------------------> closed <-----------+ all gone
/// ~~~
///
/// Late reports, and doubles that come before the next order to the same
/// connection, are legal inputs and change nothing. After each input,
/// `next_wakeup()` is later than `now`, and not `never` while somebody waits.
///
/// Thread-safety: like a plain value.
class pool_machine {
public:
  pool_machine(const pool_config& config, pool_epoch epoch, std::uint64_t seed);

  // -- life -------------------------------------------------------------------

  effects start(time_point now);

  /// Takes over from a predecessor that died: connections, live leases,
  /// breaker, backoff and counters go on; its waiters are gone. Afterwards
  /// take the census: report what the workers did meanwhile, `observe_front`,
  /// and say `withdrawn` of each offered connection that is not in the front.
  effects succeed(const pool_machine& predecessor, time_point now);

  effects pause(time_point now);
  effects resume(time_point now);

  /// Takes no more callers, lets leases end, then closes everything.
  effects drain(time_point now);

  /// Ends at once: rejects waiters, closes what is free, fences off the rest.
  effects shut_down(time_point now);

  /// Replaces every connection; leased ones when they come back. The next
  /// attempt need not wait: somebody knows that the server is back.
  effects reconnect(time_point now);

  /// Puts new settings in force. `recycle` replaces all connections, too, and
  /// forgets what failed: the way to the server is another one.
  effects configure(const pool_config& config, bool recycle, time_point now);

  effects force_breaker(breaker_state to, time_point now);

  // -- callers ----------------------------------------------------------------

  effects acquire(acquire_input x, time_point now);

  /// Takes a list of orders back that was performed, for its memory.
  void reuse(effects orders) noexcept;

  /// The caller withdraws; a no-op if it was served or rejected before.
  effects cancel(ticket caller, time_point now);

  /// A lease ends. A stale id changes nothing but a counter.
  effects release(const lease_id& lease, const lease_end& how, time_point now);

  /// The holder of a lease died, or its time to live ended. `busy` tells that
  /// something still runs on the connection.
  effects holder_lost(const lease_id& lease, bool busy, time_point now);

  /// Work on a connection has ended that was done in its holder's name: ends
  /// the lease, unless it is `kept`, or settles what a lost holder left.
  effects work_done(const lease_id& lease, const lease_end& how, bool kept,
                    time_point now);

  // -- front ------------------------------------------------------------------

  /// `front_uses` as in `lease_end`; without them, uses since the last look
  /// are counted when the connection is seen again, or never.
  effects withdrawn(connection_id id, std::uint64_t front_uses, time_point now);

  effects front_empty(time_point now);

  /// A holder gave a connection back to the actor instead of to the front.
  effects returned(connection_id id, const lease_end& how, time_point now);

  /// The actor took a connection out of the front from under its holder, who
  /// keeps it: from now on the machine looks after that lease.
  effects claimed(const lease_claim& in, time_point now);

  /// What the front looks like now; call before `tick` and `snapshot`.
  effects observe_front(std::span<const front_view> slots, time_point now);

  // -- workers ----------------------------------------------------------------

  effects opened(connection_id id, duration took, time_point now);
  effects open_failed(connection_id id, const error& why, duration took,
                      time_point now);
  /// It was called off before anybody began to open it.
  effects not_opened(connection_id id, time_point now);
  /// `why` is empty if the probe went well.
  effects probed(connection_id id, const error& why, duration took,
                 time_point now);
  /// The answer to a look for the server, of the backend's `reachable`.
  effects looked(std::uint64_t number, const error& why, time_point now);
  effects reset_done(connection_id id, const error& why, time_point now);
  effects closed(connection_id id, time_point now);

  // -- time and questions -----------------------------------------------------

  effects tick(time_point now);

  time_point next_wakeup() const noexcept;

  /// Everything but the histograms, which the machine does not keep.
  pool_snapshot snapshot(time_point now) const;

  /// Returns what is wrong with the machine's state; empty if nothing.
  std::vector<std::string> violations(time_point now) const;

  /// The pool is closed, and no connection is left.
  bool over() const noexcept {
    return state_.life == pool_life::closed && state_.table.size() == 0;
  }

  /// Everything that the machine knows.
  const pool_state& state() const noexcept {
    return state_;
  }

private:
  pool_state state_;
};

} // namespace caf_pool

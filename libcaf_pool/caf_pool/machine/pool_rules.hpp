#pragma once

#include "caf_pool/machine/effect.hpp"
#include "caf_pool/machine/lifetime.hpp"
#include "caf_pool/machine/pool_state.hpp"
#include "caf_pool/machine/sizing.hpp"

#include <string>

/// The rules of a pool, one concern per function. Each reads and changes the
/// state and appends its orders. Used by the pool machine only.
namespace caf_pool::rules {

/// One input under way: what is known, when it is, and the orders so far.
struct step {
  pool_state& s;
  time_point now;
  effects out;

  template <class Effect>
  void order(Effect x) {
    out.emplace_back(std::move(x));
  }

  void tell(event_kind kind, connection_id connection = {},
            std::string text = {});
};

/// Brings everything in line after an input: whoever can be served is served,
/// whoever is late is told, and the size follows the demand.
effects settle(step& x);

// -- callers ------------------------------------------------------------------

/// Grants an idle connection to the caller of a wish.
void grant(step& x, connection_id id, const acquire_input& wish,
           duration waited);
void reject(step& x, ticket caller, error why);
void reject_all(step& x, const error& why);
/// Rejects waiters past their deadline and those that CoDel sheds.
void expire(step& x);
/// Hands idle connections to the head of the queue.
void serve(step& x);
/// Rejects callers that will not wait and could not be served at once.
void turn_impatient_away(step& x);
/// Shuts or opens the front, reaches into it for waiters, and offers what
/// nobody waits for.
void tend_front(step& x);

// -- size ---------------------------------------------------------------------

sizing_input size_facts(const pool_state& s, time_point now);

// -- connections --------------------------------------------------------------

/// Opens and closes as the demand wants it.
void resize(step& x);
void open_one(step& x);
/// Ends a connection as planned.
void retire(step& x, connection_id id, std::string reason);
/// Ends a connection by accident.
void lose(step& x, connection_id id, const error& why);
/// Ends a free connection of an older generation.
void retire_outdated(step& x);
/// Ends idle connections that were not proven since the last failure.
void give_up_suspects(step& x);
/// Puts a connection to rest: nobody has it any more, it needs nothing.
void rest(step& x, connection_id id);
/// Decides what becomes of a connection that nobody holds any more.
void take_back(step& x, connection_id id, const lease_end& how);
void begin_probe(step& x, connection_id id, bool for_waiter);
/// An opening ended without a connection.
void opening_failed(step& x, connection_id id, const error& why, duration took);
/// An opening went well.
void note_opening(step& x, duration took);
/// The server proved healthy.
void healthy(step& x);
/// Every connection that was proven before now is suspect.
void suspect_all(step& x);

// -- front --------------------------------------------------------------------

/// Takes an offered connection back.
void recall(step& x, connection_id id, connection_record& record);
/// Takes all offered connections back: free ones now, taken ones at their release.
void recall_offered(step& x);
/// Takes back offered connections that nobody used for the bypass time.
void second_chance(step& x);
void count_front_uses(step& x, connection_record& record, std::uint64_t uses);
/// Keeps the lease book in line with what the front shows.
void note_front_lease(step& x, const front_view& slot,
                      const connection_record& record);

// -- time ---------------------------------------------------------------------

/// Gives up on workers that never answered.
void give_up_overdue(step& x);
void sweep(step& x);
void check_health(step& x);
void check_leaks(step& x);
void detect_freeze(step& x);
/// Tells about changes of the breaker and acts on them.
void follow_breaker(step& x);
time_point next_wakeup(const pool_state& s);

// -- words --------------------------------------------------------------------

/// Why a judgement ends a connection.
std::string reason_of(verdict x);
pool_gauges gauges(const pool_state& s);
/// The pool's numbers for error texts: "10 of 10 leased, 3 opening, ...".
std::string numbers(const pool_state& s, time_point now);
error timeout_error(const pool_state& s, duration waited, time_point now);
error breaker_error(const pool_state& s, time_point now);
error full_error(const pool_state& s, time_point now);
error closing_error(const pool_state& s);

} // namespace caf_pool::rules

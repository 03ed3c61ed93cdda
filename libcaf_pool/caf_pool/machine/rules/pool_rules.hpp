#pragma once

#include "caf_pool/machine/effect.hpp"
#include "caf_pool/machine/policy/lifetime.hpp"
#include "caf_pool/machine/policy/sizing.hpp"
#include "caf_pool/machine/policy/worker_grace.hpp"
#include "caf_pool/machine/pool_state.hpp"
#include "caf_pool/machine/rules/pool_words.hpp"

#include <optional>
#include <string>
#include <string_view>

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

/// Begins an input: first of all, was the process frozen?
step begin(pool_state& s, time_point now);

/// Brings everything in line: serves, tells the late, follows the demand.
effects settle(step& x);

// -- callers ------------------------------------------------------------------

/// Nothing can become free, unless an opening succeeds.
bool nothing_serves(const pool_state& s);
/// Callers who waited too long are turned away: not without a connection, for
/// then the server is missing, which is no overload.
bool may_shed(const pool_state& s);
/// Serves a new caller, lets it wait, or turns it away.
void admit(step& x, acquire_input in);
/// Grants an idle connection to the caller of a wish.
void grant(step& x, connection_id id, acquire_input&& wish, duration waited);
void reject(step& x, ticket caller, error why);
void reject_all(step& x, const error& why);
/// Rejects waiters past their deadline and those that CoDel sheds.
void expire(step& x);
/// Hands idle connections to the head of the queue.
void serve(step& x);
/// The same with one that was probed for it: another order would probe more.
void serve_with(step& x, connection_id id);
/// Rejects callers that will not wait and could not be served at once.
void turn_impatient_away(step& x);

// -- size ---------------------------------------------------------------------

sizing_input size_facts(const pool_state& s, time_point now);
/// Opens and closes as the demand wants it.
void resize(step& x);
void open_one(step& x);
/// Begins to open a connection, whatever speaks against it.
connection_record& begin_opening(
  step& x, const std::optional<circuit_breaker::permit>& permit);
/// When waiters outlast the forecast that they need no further connection.
time_point next_growth(const pool_state& s);

// -- connections --------------------------------------------------------------

/// Ends a connection as planned.
void retire(step& x, connection_id id, std::string_view reason);
/// Ends a connection that the server failed.
void lose(step& x, connection_id id, const error& why);
/// Ends a connection by an accident that says nothing about the server.
void discard(step& x, connection_id id, const error& why);
/// Ends a free connection of an older generation.
void retire_outdated(step& x);
/// Ends idle connections that were not proven since the last failure.
void give_up_suspects(step& x);
/// Puts a free connection to rest, or ends it if its time is over.
void rest(step& x, connection_id id);
/// The same for one that was used: it may have to be probed first.
void rest_proven(step& x, connection_id id);
/// The same for one that was withdrawn: mostly the sweep ends it.
void come_back(step& x, connection_id id);
/// Decides what becomes of a connection that nobody holds any more.
void take_back(step& x, connection_id id, const lease_end& how);
/// The same if its holder is gone and nobody knows what it did last.
void take_from_lost(step& x, connection_id id, const lease_end& how);
/// Forgets the lease of a connection; a typical use teaches how long uses take.
void close_lease(step& x, connection_id id, bool typical = true);

// -- health -------------------------------------------------------------------

void begin_probe(step& x, connection_id id, bool for_waiter);
void probe_failed(step& x, connection_id id, const error& why, duration took);
/// An opening ended without a connection.
void opening_failed(step& x, connection_id id, const error& why, duration took);
/// The same of one that was given up: it tells nothing about the server now.
void given_up_opening_failed(step& x, connection_id id, const error& why);
/// The server may count it until it ends, so it goes on counting against the
/// maximum.
void give_up_opening(step& x, connection_id id);
/// An opening went well.
void note_opening(step& x, duration took);
/// A connection proved healthy.
void healthy(step& x, connection_record& record);
/// Every connection that was proven before now is suspect.
void suspect_all(step& x);

// -- front --------------------------------------------------------------------

/// Shuts the front and reaches into it if somebody waits.
void reach_into_front(step& x);
/// Shuts or opens the front, and offers what nobody waits for.
void tend_front(step& x);
/// Nothing to be done about the front while callers are served at once.
bool front_is_tended(const pool_state& s);
void note_exhaustion(step& x);
/// Takes an offered connection back.
void recall(step& x, connection_id id, connection_record& record);
/// Takes all offered connections back: free ones now, taken ones at release.
void recall_offered(step& x);
/// Takes back offered connections that nobody used for the bypass time.
void second_chance(step& x);
/// Counts what happened in the front since the last look.
void note_front(step& x, connection_record& record, std::uint64_t uses,
                bool taken);
/// Keeps the lease book in line with what the front shows.
void note_front_lease(step& x, const front_view& slot);
/// Makes a holding in the front a lease like those that were granted.
void claim(step& x, connection_record& record, const lease_claim& in);

// -- time ---------------------------------------------------------------------

/// Gives up on workers that never answered.
void give_up_overdue(step& x);
void sweep(step& x);
void check_health(step& x);
/// Has a new lease looked after when it may have become a leak.
void expect_leak(step& x, const lease_entry& entry);
void check_leaks(step& x);
/// Takes a lease away and ends its connection.
void revoke(step& x, const lease_entry& entry, const error& why);
/// Tells about changes of the breaker and acts on them.
void follow_breaker(step& x);
time_point next_wakeup(const pool_state& s);

} // namespace caf_pool::rules

#pragma once

#include "caf_pool/machine/rules/pool_rules.hpp"

/// How a pool finds its way back to a server that failed.
namespace caf_pool::rules {

/// Backoff, or waiters of a server that was well a moment ago, allow opening.
bool may_open(const pool_state& s, time_point now);
/// Callers wait, or the minimum is not reached.
bool wants_more(const pool_state& s);
/// Looks whether a failed server is back, and logs in when it is.
void look_for_server(step& x);
/// When the next look or login of that kind is due; `never` if none is.
time_point next_server_look(const pool_state& s);
/// An opening beside backoff and breaker went well: half-opens the breaker.
void early_success(step& x, connection_record& record);
/// Gives up openings of an older generation, and all when the pool ends.
void give_up_unwanted(step& x);
/// A look ended: if it found the server after one in vain, openings that hang
/// from before are given up, for what was lost on the way is sent again late.
void note_look(step& x, std::uint64_t number, const error& why);
/// Tells whether the pool is up, degraded or down, when that changes.
void tell_standing(step& x);
pool_status standing(const pool_state& s);

} // namespace caf_pool::rules

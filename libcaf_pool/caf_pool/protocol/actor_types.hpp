#pragma once

#include "caf_pool/caf/caf_compat.hpp"

/// What the actors are that talk between processes. These interfaces are
/// frozen: CAF compares them when it connects, so that a change locks out every
/// older release. What is new gets a new version of the protocol instead.
namespace caf_pool::wire {

/// Both sides send it when they log in and out; only equal ones talk.
inline constexpr std::uint32_t protocol_version = 3;

// -- from a client to its session ---------------------------------------------

struct call;
struct release;
struct cancel;
struct renew;
struct goodbye;

// -- from a session to its client ---------------------------------------------

struct answer;
struct event;
struct revoked;
struct renewed;
struct farewell;

// -- in both directions -------------------------------------------------------

struct part;
struct more;

// -- the login ----------------------------------------------------------------

struct hello;
struct welcome;

/// What a node does for one client. Nothing here is a request in the sense of
/// CAF, where a lost answer leaves no trace: each message carries a number that
/// its answer repeats.
using session_handle
  = actor_of<void(call), void(release), void(cancel), void(renew),
             void(goodbye), void(part), void(more)>;

/// What a session answers to.
using client_handle
  = actor_of<void(answer), void(event), void(revoked), void(renewed),
             void(farewell), void(part), void(more)>;

/// The only actor that a node publishes.
using gate_handle = actor_of<welcome(hello)>;

} // namespace caf_pool::wire

#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/protocol/actor_types.hpp"
#include "caf_pool/protocol/parts.hpp"
#include "caf_pool/protocol/replies.hpp"
#include "caf_pool/protocol/requests.hpp"

#include <cstdint>
#include <string>
#include <utility>

/// All messages between processes: flat, and of integers, texts and truth
/// values only, because CAF 0.17.6 cannot be trusted with anything else.
namespace caf_pool::wire {

/// The first message to a gate. Answer: `welcome`, or `unauthorized`,
/// `protocol_mismatch` or `overloaded`.
struct hello {
  std::uint32_t version = protocol_version;
  std::string principal;
  std::string token;
  /// What the client calls itself, for people.
  std::string client;

  template <class Inspector>
  friend auto inspect(Inspector& f, hello& x) {
    return inspect_fields(f, x, "hello", field("version", x.version),
                          field("principal", x.principal),
                          field("token", x.token), field("client", x.client));
  }

  friend bool operator==(const hello&, const hello&) = default;
};

/// The client may talk to its session now.
struct welcome {
  std::uint32_t version = protocol_version;
  session_handle session;
  /// Name of the node.
  std::string node;
  /// A client that stays silent longer loses its leases.
  std::int64_t lease_ttl_us = 0;
  /// How often the client should say something.
  std::int64_t heartbeat_us = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, welcome& x) {
    return inspect_fields(f, x, "welcome", field("version", x.version),
                          field("session", x.session), field("node", x.node),
                          field("lease_ttl_us", x.lease_ttl_us),
                          field("heartbeat_us", x.heartbeat_us));
  }

  friend bool operator==(const welcome&, const welcome&) = default;
};

// -- conversions --------------------------------------------------------------

/// Returns what remains in whole microseconds, at least one if anything does;
/// more than ten years count as ten years.
std::int64_t to_us(duration x) noexcept;

/// Returns zero for negative numbers; more than ten years count as ten years.
duration from_us(std::int64_t x) noexcept;

/// Returns a limit as it travels: neither negative nor above ten years, so that
/// several add up.
inline duration bounded(duration x) noexcept {
  return from_us(to_us(x));
}

} // namespace caf_pool::wire

// Pinned: append only, never reorder. CAF 1.x puts these numbers on the wire,
// CAF 0.17 the names.
CAF_BEGIN_TYPE_ID_BLOCK(caf_pool_wire, caf::first_custom_type_id + 100)

CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::hello))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::welcome))

CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::call))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::release))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::cancel))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::renew))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::goodbye))

CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::answer))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::event))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::revoked))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::renewed))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::farewell))

CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::part))
CAF_ADD_TYPE_ID(caf_pool_wire, (caf_pool::wire::more))

CAF_END_TYPE_ID_BLOCK(caf_pool_wire)

namespace caf_pool {

using wire_messages = caf::id_block::caf_pool_wire;

} // namespace caf_pool

// Compiled once per type that a member of a message cannot have, by check.sh.

#include "caf_pool/caf/caf_compat.hpp"

#include <vector>

using namespace caf_pool;

namespace {

// Those that can.
static_assert(message_value<bool>);
static_assert(message_value<std::uint8_t>);
static_assert(message_value<std::int64_t>);
static_assert(message_value<std::string>);
static_assert(message_value<caf::actor>);
static_assert(message_value<actor_of<void(int)>>);

#ifdef REFUSED
[[maybe_unused]] auto what_does_not(REFUSED& x) {
  return field("x", x);
}
#endif

} // namespace

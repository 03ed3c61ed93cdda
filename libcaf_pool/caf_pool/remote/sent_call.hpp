#pragma once

#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/verb.hpp"
#include "caf_pool/core/work.hpp"
#include "caf_pool/protocol/messages.hpp"
#include "caf_pool/remote/call_table.hpp"

#include <string>

namespace caf_pool {

class remote_link;

/// A call as a client sends it, and how long it waits for the answer.
struct sent_call {
  call_kind kind = call_kind::question;
  wire::call message;
  duration limit = duration::zero();
};

/// Asks about a pool, or about all.
sent_call ask_about(wire::subject what, const std::string& pool,
                    duration limit);

/// Asks for a connection. The client waits until `how` ends the waiting, or for
/// `limit`.
sent_call ask_for_lease(const remote_link& link, const std::string& pool,
                        call_options how, duration limit);

/// Wants work done: on any connection of a pool, or on that of a lease, whose
/// token is the target then. The client waits until the deadline of `how`, or
/// for `limit`.
sent_call ask_for_work(const remote_link& link, bool on_lease,
                       const std::string& target, const work& what,
                       call_options how, duration limit);

/// Wants a pool to be paused, drained and so on, `most` for the latter.
sent_call ask_to_operate(const std::string& pool, verb what, duration most,
                         duration limit);

} // namespace caf_pool

#pragma once

#include <caf/fwd.hpp>

namespace caf_pool {

class remote_link;

/// Settles a call on the thread that brings the answer if all that is left to
/// do is to wake a thread, which saves waking the connector first. Returns
/// false, and does nothing, if the message is for the connector.
///
/// An answer may so overtake what is in the connector's mailbox. Nothing there
/// can take it back: a lease that is revoked meanwhile is fenced by the node,
/// which never revokes one before it grants it; the end of a session comes
/// after all of its answers; and no order is promised between calls, or between
/// calls and events.
///
/// Thread-safety: from any thread.
bool settle_early(remote_link& link, const caf::mailbox_element& x);

} // namespace caf_pool

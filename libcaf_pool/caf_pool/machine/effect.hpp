#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/ids.hpp"
#include "caf_pool/core/pool_event.hpp"
#include "caf_pool/core/time.hpp"

#include <variant>
#include <vector>

namespace caf_pool {

/// The orders that a pool machine gives. Whoever performs them reports back by
/// the machine's inputs; an effect that nobody performs does not compile.
namespace effect {

/// Hand the connection to the caller behind the ticket.
struct grant {
  ticket caller;
  lease_id lease;
  /// How long the caller waited in the queue.
  duration waited = duration::zero();
  /// The server must refuse writes before the caller gets it, within the time
  /// for which it waits.
  bool read_only = false;
  time_point until = never;
  friend bool operator==(const grant&, const grant&) = default;
};

/// Tell the caller behind the ticket that it gets nothing.
struct reject {
  ticket caller;
  error why;
  friend bool operator==(const reject&, const reject&) = default;
};

/// Open a new connection. Answer: `opened` or `open_failed`.
struct open_connection {
  connection_id connection;
  time_point deadline;
  friend bool operator==(const open_connection&, const open_connection&)
    = default;
};

/// Do not begin to open the connection if no worker has begun it. Answer:
/// `not_opened` then, else that of the opening.
struct call_off_opening {
  connection_id connection;
  /// One that was begun is to fail soon.
  bool abort = false;
  friend bool operator==(const call_off_opening&, const call_off_opening&)
    = default;
};

/// Ask the server whether the connection lives. Answer: `probed`.
struct probe_connection {
  connection_id connection;
  time_point deadline;
  friend bool operator==(const probe_connection&, const probe_connection&)
    = default;
};

/// Remove the last holder's traces. Answer: `reset_done`.
struct reset_connection {
  connection_id connection;
  time_point deadline;
  friend bool operator==(const reset_connection&, const reset_connection&)
    = default;
};

/// End the connection, without a goodbye if `abort`. Answer: `closed`. May come
/// twice, also for a connection that is gone; a holder that was fenced off may
/// still have it.
struct close_connection {
  connection_id connection;
  time_point deadline;
  bool abort = false;
  friend bool operator==(const close_connection&, const close_connection&)
    = default;
};

/// Stop what still runs for a holder who is gone. Answer:
/// `work_done`, after it.
struct cancel_connection {
  connection_id connection;
  time_point deadline;
  friend bool operator==(const cancel_connection&, const cancel_connection&)
    = default;
};

/// Fence the holder off and make its calls fail. No answer.
struct revoke_lease {
  lease_id lease;
  error why;
  /// It is in the front, where its slot has to be fenced.
  bool from_front = false;
  friend bool operator==(const revoke_lease&, const revoke_lease&) = default;
};

/// Let callers take the idle connection without a message. Later: `returned`.
struct offer_connection {
  connection_id connection;
  friend bool operator==(const offer_connection&, const offer_connection&)
    = default;
};

/// Take an offered connection back; if it is taken, make its release come here.
/// Answer at once: `withdrawn` if it was free, else nothing. It may have been
/// taken back already by an order whose answer is still to come.
struct withdraw_connection {
  connection_id connection;
  friend bool operator==(const withdraw_connection&, const withdraw_connection&)
    = default;
};

/// Take back any one offered connection. Answer at once: `withdrawn` or
/// `front_empty`.
struct withdraw_any {
  friend bool operator==(const withdraw_any&, const withdraw_any&) = default;
};

/// From now on nobody takes from the front (`shut`), or everybody may again.
struct shut_front {
  bool shut = false;
  friend bool operator==(const shut_front&, const shut_front&) = default;
};

/// Look whether the server is back, without a login. Answer: `looked`.
struct look {
  std::uint64_t number = 0;
  time_point deadline;
  friend bool operator==(const look&, const look&) = default;
};

/// Tell subscribers and the log. No answer.
struct emit {
  pool_event event;
  friend bool operator==(const emit&, const emit&) = default;
};

} // namespace effect

using any_effect = std::variant<
  effect::grant, effect::reject, effect::open_connection,
  effect::call_off_opening, effect::probe_connection, effect::reset_connection,
  effect::close_connection, effect::cancel_connection, effect::revoke_lease,
  effect::offer_connection, effect::withdraw_connection, effect::withdraw_any,
  effect::shut_front, effect::look, effect::emit>;

/// Orders in the sequence in which they must be performed. Answers "at once" are
/// given after the last order of a list and before any other input: they may
/// lead to orders that supersede the rest of the list.
using effects = std::vector<any_effect>;

} // namespace caf_pool
